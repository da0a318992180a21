using System.Text.Json.Nodes;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Running.Conformance;

/// <summary>The sandbox model on a thread of its own, and runs on it under watch.</summary>
internal sealed class ConformanceBed : IAsyncDisposable
{
    private static readonly string[] StreamNames = ["align", "harmful", "retain"];

    private const int MostTokens = 8192, MostRows = 256;

    private readonly ComputeThread thread;
    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-conformance-").FullName;
    private readonly LanguageModel model;
    private readonly Dictionary<string, Tensor> weights;

    private readonly ModelDescription described;

    private ConformanceBed(ComputeThread thread, LanguageModel model, Dictionary<string, Tensor> weights, ModelDescription described) =>
        (this.thread, this.model, this.weights, this.described) = (thread, model, weights, described);

    public static async Task<ConformanceBed> OpenAsync(CancellationToken cancellationToken)
    {
        var host = new ModelHost(new BedSettings());
        ModelReference reference = ModelReference.Sandbox with { DataType = DataType.Float32, Device = "cpu" };
        ModelDescription described = await host.DescribeAsync(reference, null, cancellationToken).ConfigureAwait(false);
        var thread = new ComputeThread(1);
        try
        {
            LanguageModel model = await LanguageModel.LoadAsync(
                described.Folder, described.Tokenizer, described.Template, thread, described.ComputeType, described.Device, cancellationToken: cancellationToken).ConfigureAwait(false);
            Dictionary<string, Tensor> weights = await thread.RunAsync(
                () => model.Decoder.Weights.ToDictionary(w => w.Key, w => w.Value.clone().DetachFromDisposeScope()), CancellationToken.None).ConfigureAwait(false);
            return new ConformanceBed(thread, model, weights, described);
        }
        catch
        {
            thread.Dispose();
            throw;
        }
    }

    /// <summary>A path for a checkpoint.</summary>
    public string NewPath() => Path.Combine(folder, Guid.NewGuid().ToString("N"), "state.safetensors");

    /// <summary>Another checkpoint of the same state, whose next micro-step has a number that is higher by <paramref name="by"/>.</summary>
    public string Shift(string checkpoint, int by)
    {
        string path = NewPath();
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(checkpoint);
        var metadata = new Dictionary<string, string>(file.Metadata);
        JsonNode content = JsonNode.Parse(metadata["content"])!;
        content["run"]!["microSteps"] = content["run"]!["microSteps"]!.GetValue<long>() + by;
        metadata["content"] = content.ToJsonString();
        SafetensorsFile.Write(path, file.Names.ToDictionary(n => n, n => file.Read(n).clone()), metadata);
        return path;
    }

    /// <summary>One training of a new instance; gives the run.</summary>
    public async Task<ConformanceRun> RunAsync(MethodAlgorithm method, ConformanceRun run, CancellationToken cancellationToken)
    {
        int vocabulary = model.Decoder.VocabularySize;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var training = new TrainingConfig { Steps = run.Steps, BatchSize = run.BatchSize, AccumulationSteps = run.Accumulation, LearningRate = 5e-3, WeightDecay = 0.1, Schedule = LearningRateSchedule.Constant };
        IReadOnlyList<TokenizedExample> rows = ConformanceRows.Of(24, 0, vocabulary, ExampleRole.Benign);
        if (method.HasTokenHook)
        {
            DataContext data = Data(method);
            rows = [.. rows.Select(r => method.RunTransformTokens(r, data))];
        }

        Dictionary<string, IReadOnlyList<TokenizedExample>> streams = run.GivesStreams
            ? method.Needs.Streams.Concat(StreamNames).Distinct().Select((name, i) => (name, rows: ConformanceRows.Of(12, 200 + (100 * i), vocabulary, RoleOf(name)))).ToDictionary(s => s.name, s => s.rows)
            : [];
        const ulong Seed = 7;
        var seeds = new SeedTree(Seed);
        IBatchStream Noted(string name, IReadOnlyList<TokenizedExample> of, SeedTree seed) =>
            run.Streams[name] = new ReplayedStream(new BatchStream(of, training, seed), () => run.Part) { Replay = run.Replay?.GetValueOrDefault(name)?.Taken };
        TrainingContext context = null!;
        context = new TrainingContext
        {
            Model = ModelReference.Sandbox,
            Training = training,
            Lora = new LoraConfig { Rank = 4, Alpha = 8, Dropout = run.Dropout, TargetModules = ["q_proj", "v_proj", "down_proj"] },
            Seed = Seed,
            Examples = rows,
            StreamRows = streams,
            UserStream = run.NotesBatches ? Noted("", rows, seeds["user-order"]) : null,
            StreamSources = run.NotesBatches ? streams.ToDictionary(s => s.Key, s => Noted(s.Key, s.Value, seeds["stream"][s.Key])) : [],
            LanguageModel = model,
            Checkpoints = run.Checkpoint is { } path
                ? new CheckpointStore(path, "conformance", Fingerprints.NumericsVersion, new CheckpointPolicy { Every = TimeSpan.MaxValue }, TimeProvider.System) { Resumed = run.Resumed.Add }
                : null,
            Watch = hooks => new ConformanceWatch(hooks, context, run),
            OnGradientsTouched = () => run.GradientsTouched++,
            Progress = new StepListener(progress =>
            {
                run.Reported++;
                run.LiveTensors.Add(Tensor.TotalCount - context.State.Entries.Count(e => e.Value is IDisposable));
                if (progress.Step == run.StopAfter)
                {
                    stop.Cancel();
                }
            }),
        };
        try
        {
            byte[] generator = await GeneratorAsync().ConfigureAwait(false);
            try
            {
                using ModelArtifact artifact = await method.TrainAsync(context, stop.Token).ConfigureAwait(false);
                run.ReadLogits = run.IsMeasured ? await ReadAsync(artifact, cancellationToken).ConfigureAwait(false) : [];
            }
            catch (OperationCanceledException) when (run.StopAfter is not null && !cancellationToken.IsCancellationRequested)
            {
                run.WasStopped = true;
            }

            byte[] later = await GeneratorAsync().ConfigureAwait(false);
            run.UsedGlobalGenerator = !generator.AsSpan().SequenceEqual(later);
            run.LeftModelAsItWas = await thread.RunAsync(() => model.Decoder.Weights.All(w => w.Value.allclose(weights[w.Key], rtol: 0, atol: 0)), CancellationToken.None).ConfigureAwait(false);
            return run;
        }
        finally
        {
            context.Dispose();
        }
    }

    /// <summary>What a method makes of rows and prompts while a grid is planned: its policy first, then each row, in a form to be compared.</summary>
    public string[] Rows(MethodAlgorithm method)
    {
        DataContext data = Data(method);
        var encoder = new ExampleEncoder(described.Template, described.Tokenizer.Fingerprint, data.Dataset.InputPlacement, MostTokens, LengthPolicy.ExcludeBeforeSelection);
        IEnumerable<string> rows = method.RunTransformExamples(ConformanceRows.Texts(40, "user", ExampleRole.Benign), data).ToArray().Select((text, i) =>
            encoder.Encode(text).Tokens is { } tokens ? method.RunTransformTokens(tokens with { RowId = i, Role = text.Role }, data) is var row
                ? FormattableString.Invariant($"{row.Role} {row.PromptTokenCount} {string.Join(' ', row.InputIds)}") : "" : "too long");
        return [CanonicalJson.Write(CanonicalJson.ToNode(method.RunCreatePromptPolicy(data), "the prompt policy")), .. rows];
    }

    private DataContext Data(MethodAlgorithm method) => new(
        ModelReference.Sandbox, FinetuneDatasets.Sandbox.Sentiment.Benign, 7, "conformance", described.Tokenizer,
        method.Needs.Streams.ToDictionary(s => s, s => ConformanceRows.Texts(MostRows, s, ExampleRole.Guide), StringComparer.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await thread.RunAsync(
            () =>
            {
                model.Dispose();
                weights.Values.ToList().ForEach(w => w.Dispose());
            },
            CancellationToken.None).ConfigureAwait(false);
        thread.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static ExampleRole RoleOf(string stream) => stream switch { "align" => ExampleRole.Alignment, "harmful" => ExampleRole.Harmful, _ => ExampleRole.Benign };

    // Through the disk, and onto the decoder that trained.
    private Task<float[]> ReadAsync(ModelArtifact artifact, CancellationToken cancellationToken)
    {
        string place = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        artifact.Save(place);
        return thread.RunAsync(
            () =>
            {
                using ModelArtifact read = ModelArtifact.Load(place, ModelReference.Sandbox);
                if (read.Whole is { } whole)
                {
                    using var decoder = Decoder.Load(whole.Folder, model.Decoder.ComputeType, model.Decoder.Device);
                    return ConformanceWatch.Logits(decoder);
                }

                using LoraAdapter? adapter = read.Adapter is null ? null : LoraAdapter.Load(model.Decoder, read.Adapter);
                adapter?.Attach(model.Decoder);
                try
                {
                    return ConformanceWatch.Logits(model.Decoder);
                }
                finally
                {
                    LoraAdapter.Detach(model.Decoder);
                }
            },
            cancellationToken);
    }

    private Task<byte[]> GeneratorAsync() => thread.RunAsync(
        () =>
        {
            using Tensor state = torch.Generator.Default.get_state();
            return state.data<byte>().ToArray();
        },
        CancellationToken.None);

    private sealed class StepListener(Action<TrainingProgress> hear) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => hear(value);
    }
}
