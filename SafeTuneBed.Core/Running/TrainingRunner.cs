using System.Globalization;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>Trains one cell into its run folder: log, artifact, and last of all the record that makes it count.</summary>
internal sealed class TrainingRunner(MethodCatalog methods, IDataHost data, IModelHost models, TimeProvider time)
{
    public async Task RunAsync(CellSet set, Cell cell, Func<IModelWorker> worker, Action<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(cell.Folder);
        File.Delete(cell.RecordPath);
        DateTimeOffset started = time.GetUtcNow();
        long start = time.GetTimestamp();
        using var log = cell.Trains ? new TrainLog(cell.TrainLogPath) : null;
        if (cell.External is null)
        {
            var request = new TrainingRequest
            {
                Model = cell.Model,
                Training = cell.Experiment!.Training,
                Lora = cell.Experiment.Lora,
                Seed = cell.Seed,
                Examples = cell.Trains ? await set.Rows.GetAsync(data, cell, cancellationToken).ConfigureAwait(false) : [],
                Progress = new Direct(step =>
                {
                    log?.Write(step);
                    progress(step);
                }),
            };
            ModelArtifact artifact = await worker().TrainAsync(methods.Create(cell.Method), request, cancellationToken).ConfigureAwait(false);
            try
            {
                cancellationToken.ThrowIfCancellationRequested();
                (artifact.Template, artifact.TemplateFingerprint) = (cell.Model.Template.Id, cell.Model.Template.Fingerprint);
                await DurableFile.WriteFolderAsync(cell.ArtifactFolder, folder =>
                {
                    models.Save(artifact, folder);
                    return Task.CompletedTask;
                }).ConfigureAwait(false);
            }
            finally
            {
                models.Release(artifact);
            }

            log?.Complete();
        }

        DurableFile.WriteJson(cell.RecordPath, Record(cell, started, time.GetElapsedTime(start), log));
    }

    private JsonObject Record(Cell cell, DateTimeOffset started, TimeSpan duration, TrainLog? log)
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
            record["origins"] = new JsonObject(experiment.Origins.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => KeyValuePair.Create(o.Key, (JsonNode?)o.Value)));
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
            record["steps"] = log?.Last?.Step ?? 0;
            record["skippedSteps"] = log?.Skipped ?? 0;
            record["lastLoss"] = log?.Last is { } step && double.IsFinite(step.Loss) ? step.Loss : null;
        }

        if (cell.External is null)
        {
            record["artifact"] = RunStore.DescribeFiles(cell.ArtifactFolder);
        }

        record["started"] = started.ToString("O", CultureInfo.InvariantCulture);
        record["seconds"] = Math.Round(duration.TotalSeconds, 3);
        record["environment"] = RunEnvironment.Describe();
        return record;
    }

    /// <summary>Calls at once: a log line must be written before the training ends.</summary>
    private sealed class Direct(Action<TrainingProgress> hear) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => hear(value);
    }
}
