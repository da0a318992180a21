using SafeTuneBed.Training;

namespace SafeTuneBed;

/// <summary>One training run, as a method sees it.</summary>
public sealed class TrainingContext : IDisposable
{
    private ParameterSet? parameters;

    /// <summary>The model that the run starts from.</summary>
    public required ModelReference Model { get; init; }

    /// <summary>Resolved settings of the loop.</summary>
    public required TrainingConfig Training { get; init; }

    /// <summary>Resolved settings of the adapters.</summary>
    public required LoraConfig Lora { get; init; }

    /// <summary>The run's seed, root of every named random stream.</summary>
    public ulong Seed { get; init; }

    /// <summary>The training rows, in their seeded order; never empty for a method that trains.</summary>
    public required IReadOnlyList<TokenizedExample> Examples { get; init; }

    /// <summary>Hears every optimizer step.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>What the method keeps between steps.</summary>
    public TrainingState State { get; } = new();

    /// <summary>The trainable parameters, while the loop runs.</summary>
    /// <exception cref="InvalidOperationException">The loop does not run.</exception>
    public ParameterSet Parameters
    {
        get => parameters ?? throw new InvalidOperationException("Parameters exist only while the loop runs: from OnTrainingStarted to OnTrainingFinished.");
        internal set => parameters = value;
    }

    /// <summary>The loaded model, on its own compute thread.</summary>
    internal Models.LanguageModel LanguageModel { get; init; } = null!;

    /// <summary>Gives the user's batches in place of <see cref="Examples"/> in seeded order.</summary>
    internal IBatchStream? UserStream { get; init; }

    /// <summary>The model untouched, as an artifact.</summary>
    public ModelArtifact Untouched() => new() { Model = Model };

    /// <summary>Frees the method's state.</summary>
    public void Dispose() => State.Dispose();

    internal Task<ModelArtifact> RunLoopAsync(ITrainingHooks hooks, CancellationToken cancellationToken)
    {
        if (Examples.Count == 0)
        {
            throw new ConfigurationException("There is no training row. Check the data set's Count and filters.");
        }

        return LanguageModel.Thread.RunAsync(
            () =>
            {
                using var loop = new TrainingLoop(this, hooks, LanguageModel.Decoder);
                return loop.Run(cancellationToken);
            },
            cancellationToken);
    }

    internal void ForgetParameters() => parameters = null;
}
