using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using SafeTuneBed.Training;

namespace SafeTuneBed.Running;

/// <summary>Trains one cell into its run folder, from where an earlier attempt stopped: log, artifact, and last of all the record that makes it count.</summary>
internal sealed class TrainingRunner(MethodCatalog methods, IDataHost data, IModelHost models, BedSettings settings, TimeProvider time, ILogger logger)
{
    public async Task RunAsync(CellSet set, Cell cell, Func<IModelWorker> worker, Action<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(cell.Folder);
        File.Delete(cell.RecordPath);
        DateTimeOffset started = time.GetUtcNow();
        long start = time.GetTimestamp();
        using TrainLog? log = cell.RunsLoop ? new TrainLog(Path.Combine(cell.CheckpointFolder, "train.jsonl"), cell.TrainLogPath) : null;
        CheckpointStore? checkpoints = cell.RunsLoop ? Checkpoints(cell, log!) : null;
        try
        {
            int? threads = null;
            JsonObject? transform = null;
            if (cell.Part?.Stage == MethodStage.PostFineTuning)
            {
                (threads, transform) = await TransformAsync(set, cell, worker, cancellationToken).ConfigureAwait(false);
            }
            else if (cell.External is null)
            {
                threads = await TrainAsync(set, cell, worker, log, checkpoints, progress, cancellationToken).ConfigureAwait(false);
            }

            await StoreAsync(cell, checkpoints, () =>
            {
                DurableFile.WriteJson(cell.RecordPath, Record(cell, started, time.GetElapsedTime(start), threads, log, checkpoints, transform));
                return Task.CompletedTask;
            }).ConfigureAwait(false);
        }
        finally
        {
            log?.Dispose();
            if (checkpoints is { Exists: false } || File.Exists(cell.RecordPath))
            {
                DurableFile.DeleteFolder(cell.CheckpointFolder);
            }
        }
    }

    private static async Task StoreAsync(Cell cell, CheckpointStore? checkpoints, Func<Task> write)
    {
        try
        {
            await write().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SafeTuneBedException(
                $"The results of {cell.Label} could not be written to {cell.Folder}: {e.Message} Make room or give the right to write there, and run again: {(checkpoints?.Exists == true ? "the training goes on from its last checkpoint" : "this cell starts anew")}.", e);
        }
    }

    // Gives the threads of the arithmetic.
    private async Task<int> TrainAsync(
        CellSet set, Cell cell, Func<IModelWorker> worker, TrainLog? log, CheckpointStore? checkpoints, Action<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        TrainingRequest request = await RequestAsync(set, cell, checkpoints, step =>
        {
            log?.Write(step);
            progress(step);
        }, cancellationToken).ConfigureAwait(false);
        ModelArtifact? start = cell.Source is { } source ? models.Load(source.ArtifactFolder, cell.Model.Model) : null;
        try
        {
            IModelWorker at = worker();
            ModelArtifact artifact = await at.TrainAsync(methods.Create(cell.Part!), request with { Start = start }, cancellationToken).ConfigureAwait(false);
            await SaveAsync(cell, artifact, log, checkpoints).ConfigureAwait(false);
            return at.Threads;
        }
        finally
        {
            if (start is not null)
            {
                models.Release(start);
            }
        }
    }

    private async Task<(int Threads, JsonObject? Report)> TransformAsync(CellSet set, Cell cell, Func<IModelWorker> worker, CancellationToken cancellationToken)
    {
        ModelArtifact start = models.Load(cell.Source!.ArtifactFolder, cell.Model.Model);
        try
        {
            JsonObject? report = null;
            MethodAlgorithm method = methods.Create(cell.Part!);
            var request = new TransformRequest
            {
                Model = cell.Model,
                Start = start,
                Companions = cell.Companions,
                Streams = method.Needs.Streams.Count > 0 ? await set.Rows.GetStreamsAsync(data, cell, cancellationToken).ConfigureAwait(false) : new Dictionary<string, IReadOnlyList<TokenizedExample>>(),
                Report = told => report = told,
            };
            IModelWorker at = worker();
            ModelArtifact artifact = await at.TransformAsync(method, request, cancellationToken).ConfigureAwait(false);
            await SaveAsync(cell, artifact, null, null).ConfigureAwait(false);
            if (File.Exists(cell.Source.TrainLogPath))
            {
                await StoreAsync(cell, null, () =>
                {
                    DurableFile.WriteBytes(cell.TrainLogPath, File.ReadAllBytes(cell.Source.TrainLogPath)); // so that each run folder has the log of its training
                    return Task.CompletedTask;
                }).ConfigureAwait(false);
            }

            return (at.Threads, report);
        }
        finally
        {
            models.Release(start);
        }
    }

    private async Task<TrainingRequest> RequestAsync(CellSet set, Cell cell, CheckpointStore? checkpoints, Action<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, IReadOnlyList<TokenizedExample>> streams = await set.Rows.GetStreamsAsync(data, cell, cancellationToken).ConfigureAwait(false);
        var request = new TrainingRequest
        {
            Model = cell.Model,
            Training = cell.Experiment!.Training,
            Lora = cell.Experiment.Lora,
            Seed = cell.Seed,
            Examples = [],
            Streams = streams,
            Checkpoints = checkpoints,
            Progress = new Direct(progress),
        };
        if (cell.Part!.Stage == MethodStage.Alignment)
        {
            // A seed of its own: its adapter must not begin like the one that is trained on top of it. By place and not by name: a method and its control begin alike.
            return request with
            {
                Seed = new SeedTree(cell.Seed)["alignment"][cell.Stages.Count()].Seed,
                Examples = cell.Edits is null ? streams[StagePlanner.AlignmentRows] : RowsCache.AsDefenders(await set.Rows.GetAsync(data, cell, cancellationToken).ConfigureAwait(false)),
            };
        }

        return cell.Trains ? request with { Examples = await set.Rows.GetAsync(data, cell, cancellationToken).ConfigureAwait(false) } : request;
    }

    // A training that came to its end is kept, also when it was asked to stop in the meantime.
    private async Task SaveAsync(Cell cell, ModelArtifact artifact, TrainLog? log, CheckpointStore? checkpoints)
    {
        try
        {
            await StoreAsync(cell, checkpoints, async () =>
            {
                (artifact.Template, artifact.TemplateFingerprint, artifact.PromptPolicy) = (cell.Model.Template.Id, cell.Model.Template.Fingerprint, cell.Policy);
                await DurableFile.WriteFolderAsync(cell.ArtifactFolder, folder =>
                {
                    models.Save(artifact, folder);
                    return Task.CompletedTask;
                }).ConfigureAwait(false);
                log?.Complete();
            }).ConfigureAwait(false);
        }
        finally
        {
            models.Release(artifact);
        }
    }

    private CheckpointStore Checkpoints(Cell cell, TrainLog log) => new(
        Path.Combine(cell.CheckpointFolder, "state.safetensors"), cell.Fingerprint, Fingerprints.NumericsVersion, settings.Checkpoints, time)
    {
        Log = log,
        Warn = (message, fault) => logger.LogWarning(fault, "{Cell}: {Message} {Fault}", cell.Label, message, fault.Message),
        Resumed = step => logger.LogInformation("{Cell}: resumed at step {Step} of {Steps}.", cell.Label, step, cell.Steps),
    };

    private JsonObject Record(Cell cell, DateTimeOffset started, TimeSpan duration, int? threads, TrainLog? log, CheckpointStore? checkpoints, JsonObject? transform)
    {
        var record = new JsonObject
        {
            ["format"] = 1,
            ["fingerprint"] = cell.Fingerprint,
            ["parts"] = cell.Parts.DeepClone(),
            ["cell"] = cell.Label,
            ["model"] = CanonicalJson.ToNode(cell.Model.Model, "the model reference"),
            ["method"] = cell.Method,
            ["dataset"] = cell.Dataset?.Name,
            ["seed"] = cell.Seed,
        };
        if (cell.Experiment is { } experiment)
        {
            record["training"] = CanonicalJson.ToNode(experiment.Training, "training");
            record["lora"] = CanonicalJson.ToNode(experiment.Lora, "the adapters");
            record["options"] = CanonicalJson.ToNode(experiment.Options, cell.Method);
            record["methods"] = new JsonArray([.. experiment.Parts.Select(p => (JsonNode)new JsonObject
            {
                ["name"] = p.Method,
                ["stage"] = CanonicalJson.ToNode(p.Stage, p.Method),
                ["version"] = methods.Create(p).Version,
                ["options"] = CanonicalJson.ToNode(p.Options, p.Method),
            })]);
            record["origins"] = new JsonObject(experiment.Origins.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => KeyValuePair.Create(o.Key, (JsonNode?)o.Value)));
        }

        if (cell.Source is { } source)
        {
            record["source"] = new JsonObject
            {
                ["cell"] = source.Label,
                ["folder"] = Path.GetRelativePath(cell.Folder, source.Folder).Replace('\\', '/'),
                ["fingerprint"] = source.Fingerprint,
            };
        }

        if (cell.Rows is { } rows)
        {
            record["rows"] = new JsonObject
            {
                ["all"] = rows.Count,
                ["benign"] = rows.BenignCount,
                ["harmful"] = rows.HarmfulCount,
                ["tokens"] = rows.Tokens,
                ["preview"] = rows.Preview,
            };
            record["data"] = rows.Manifest?.DeepClone();
            record["warnings"] = new JsonArray([.. rows.Warnings.Select(w => (JsonNode)w)]);
            record["steps"] = log?.Last.Step ?? 0;
            record["skippedSteps"] = log?.Skipped ?? 0;
            record["firstLoss"] = log?.First;
            record["lastLoss"] = log?.Last.Loss;
            record["lossByRole"] = new JsonObject((log?.ByRole ?? new Dictionary<string, (double First, double Last)>())
                .Select(r => KeyValuePair.Create(r.Key, (JsonNode?)new JsonObject { ["first"] = r.Value.First, ["last"] = r.Value.Last })));
            if (cell.Part?.Stage == MethodStage.PostFineTuning && RunStore.FindTraining(cell.Source!) is { } trained)
            {
                foreach (string name in new[] { "steps", "skippedSteps", "firstLoss", "lastLoss", "lossByRole" })
                {
                    record[name] = trained[name]?.DeepClone();
                }
            }
        }

        if (transform is not null)
        {
            record["transform"] = transform;
            record["companions"] = new JsonObject(cell.Companions.Select(c => KeyValuePair.Create(c.Kind.ToString(), (JsonNode?)c.Fingerprint)));
        }

        if (cell.Streams.Count > 0)
        {
            record["streams"] = new JsonObject(cell.Streams.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => KeyValuePair.Create(s.Key, (JsonNode?)new JsonObject
            {
                ["dataset"] = s.Value.Dataset.Name,
                ["rows"] = s.Value.Rows.Count,
                ["tokens"] = s.Value.Rows.Tokens,
                ["data"] = s.Value.Rows.Manifest?.DeepClone(),
                ["warnings"] = new JsonArray([.. s.Value.Rows.Warnings.Select(w => (JsonNode)w)]),
            })));
        }

        if (checkpoints?.Resumes is { Count: > 0 } resumes)
        {
            record["resumedAtSteps"] = new JsonArray([.. resumes.Select(r => (JsonNode)r)]);
        }

        if (cell.External is null)
        {
            record["artifact"] = RunStore.DescribeFiles(cell.ArtifactFolder);
        }

        record["started"] = started.ToString("O", CultureInfo.InvariantCulture);
        record["seconds"] = Math.Round(duration.TotalSeconds, 3);
        record["environment"] = RunEnvironment.Describe();
        record["environment"]!["threads"] = threads;
        return record;
    }

    /// <summary>Calls at once: a log line must be written before the training ends.</summary>
    private sealed class Direct(Action<TrainingProgress> hear) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => hear(value);
    }
}
