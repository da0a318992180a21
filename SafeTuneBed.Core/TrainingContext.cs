using SafeTuneBed.Training;

namespace SafeTuneBed;

/// <summary>One training run, as a method sees it.</summary>
public sealed class TrainingContext
{
    /// <summary>The model that the run starts from.</summary>
    public required ModelReference Model { get; init; }

    /// <summary>Resolved settings of the loop.</summary>
    public required TrainingConfig Training { get; init; }

    /// <summary>Resolved settings of the adapters.</summary>
    public required LoraConfig Lora { get; init; }

    /// <summary>The run's seed, root of every named random stream.</summary>
    public ulong Seed { get; init; }

    /// <summary>The training rows, in their seeded order.</summary>
    public required IReadOnlyList<TokenizedExample> Examples { get; init; }

    /// <summary>Hears every optimizer step.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>The model untouched, as an artifact.</summary>
    public ModelArtifact Untouched() => new() { Model = Model };

    /// <summary>The model's weights, loaded when first used, on the run's own compute thread.</summary>
    internal Models.LanguageModel LanguageModel { get; init; } = null!;

    internal Task<ModelArtifact> RunLoopAsync(ITrainingHooks hooks, CancellationToken cancellationToken) => throw new InvalidOperationException("being written");
}

/// <summary>One optimizer step's figures.</summary>
public sealed record TrainingProgress
{
    /// <summary>Steps done, from 1.</summary>
    public required int Step { get; init; }

    /// <summary>Steps in all.</summary>
    public required int TotalSteps { get; init; }

    /// <summary>Loss of the step's window before the step.</summary>
    public double Loss { get; init; }

    /// <summary>Learning rate in force.</summary>
    public double LearningRate { get; init; }

    /// <summary>Global gradient norm before clipping.</summary>
    public double GradientNorm { get; init; }

    /// <summary>Supervised tokens of the window.</summary>
    public int SupervisedTokens { get; init; }

    /// <summary>Mean loss by role, where measured.</summary>
    public IReadOnlyDictionary<ExampleRole, double> LossByRole { get; init; } = new Dictionary<ExampleRole, double>();

    /// <summary>What the method logged at this step.</summary>
    public IReadOnlyDictionary<string, double> Logged { get; init; } = new Dictionary<string, double>();
}
