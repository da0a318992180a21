using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>The loop on the small fixture model, with rows of its own and two streams.</summary>
internal sealed class LoopBed : IDisposable
{
    public Decoder Decoder { get; } = Decoder.Load(Path.Combine(SharedFolder.Root, "SafeTuneBed.Tests", "Parity", "golden", "llama"), ScalarType.Float32, CPU);

    public static TrainingConfig Config(int steps) => new()
    {
        Steps = steps,
        BatchSize = 4,
        LearningRate = 5e-3,
        WeightDecay = 0.1,
        MaxGradientNorm = 1,
        WarmupSteps = 2,
        Schedule = LearningRateSchedule.Cosine,
    };

    public static TokenizedExample[] Rows(int count, int start = 0, ExampleRole role = ExampleRole.Benign) => [.. Enumerable.Range(start, count).Select(i => new TokenizedExample
    {
        RowId = i,
        InputIds = [.. Enumerable.Range(0, 6 + (i % 4)).Select(t => t < 3 ? 5 + (i % 20) + t : 40 + (2 * (i % 2)) + (t % 2))],
        PromptTokenCount = 3,
        Role = role,
    })];

    public TrainingContext Context(TrainingConfig config, double dropout = 0.1, ulong seed = 1, IProgress<TrainingProgress>? progress = null, CheckpointStore? checkpoints = null, int rows = 18) => new()
    {
        Model = ModelReference.Folder("fixture"),
        Training = config,
        Lora = new LoraConfig { Rank = 4, Alpha = 8, Dropout = dropout, TargetModules = ["q_proj", "v_proj", "down_proj"] },
        Seed = seed,
        Examples = Rows(rows),
        StreamRows = new Dictionary<string, IReadOnlyList<TokenizedExample>> { ["align"] = Rows(11, 100, ExampleRole.Alignment), ["harmful"] = Rows(9, 200, ExampleRole.Harmful) },
        Progress = progress,
        Checkpoints = checkpoints,
    };

    /// <summary>The numbers of the trained adapter, in the order of their names.</summary>
    public float[] Train(MethodAlgorithm method, TrainingContext context, CancellationToken cancellationToken = default)
    {
        using (context)
        {
            using var loop = new TrainingLoop(context, method.CreateHooks(), Decoder);
            using ModelArtifact artifact = loop.Run(cancellationToken);
            return [.. artifact.Adapter!.Factors.OrderBy(f => f.Key, StringComparer.Ordinal).SelectMany(f => f.Value.A.data<float>().Concat(f.Value.B.data<float>()))];
        }
    }

    public void Dispose() => Decoder.Dispose();

    /// <summary>Keeps what it hears.</summary>
    public sealed class Collector : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Seen { get; } = [];

        public Action<TrainingProgress>? Then { get; init; }

        public void Report(TrainingProgress value)
        {
            Seen.Add(value);
            Then?.Invoke(value);
        }
    }
}

/// <summary>A method made of functions, for one test each.</summary>
internal sealed class ScriptedMethod : MethodAlgorithm
{
    public MethodNeeds Asked { get; init; } = MethodNeeds.None;

    public Action<ModelContext>? Prepare { get; init; }

    public Action<TrainingContext>? Started { get; init; }

    public Func<TrainingStep, BatchPlan>? Plan { get; init; }

    public Action<TrainingStep>? Compute { get; init; }

    public Action<TrainingStep>? Ready { get; init; }

    public Action<TrainingStep>? Stepped { get; init; }

    public Action<TrainingContext>? Finished { get; init; }

    public override MethodNeeds Needs => Asked;

    protected override void PrepareModel(ModelContext context) => Prepare?.Invoke(context);

    protected override void OnTrainingStarted(TrainingContext context) => Started?.Invoke(context);

    protected override BatchPlan PlanBatch(TrainingStep step) => Plan?.Invoke(step) ?? base.PlanBatch(step);

    protected override void ComputeGradients(TrainingStep step)
    {
        if (Compute is null)
        {
            base.ComputeGradients(step);
            return;
        }

        Compute(step);
    }

    protected override void OnGradientsReady(TrainingStep step) => Ready?.Invoke(step);

    protected override void OnOptimizerStepped(TrainingStep step) => Stepped?.Invoke(step);

    protected override void OnTrainingFinished(TrainingContext context) => Finished?.Invoke(context);
}
