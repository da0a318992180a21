using SafeTuneBed.Training;
using TorchSharp;

namespace SafeTuneBed;

/// <summary>One training run, as a method sees it.</summary>
public sealed class TrainingContext : IDisposable
{
    private TrainingSession? session;

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

    /// <summary>The rows of every stream that the method asked for, by name, in their seeded order.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<TokenizedExample>> StreamRows { get; init; } = new Dictionary<string, IReadOnlyList<TokenizedExample>>();

    /// <summary>Hears every optimizer step.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>What the method keeps between steps.</summary>
    public TrainingState State { get; } = new();

    /// <summary>The trainable parameters, while the loop runs.</summary>
    /// <exception cref="InvalidOperationException">The loop does not run.</exception>
    public ParameterSet Parameters => Session(nameof(Parameters)).Parameters;

    /// <summary>Blocks of the model, while the loop runs.</summary>
    /// <exception cref="InvalidOperationException">The loop does not run.</exception>
    public int LayerCount => Session(nameof(LayerCount)).LayerCount;

    /// <summary>The loaded model, on its own compute thread.</summary>
    internal Models.LanguageModel LanguageModel { get; init; } = null!;

    /// <summary>Gives the user's batches in place of <see cref="Examples"/> in seeded order.</summary>
    internal IBatchStream? UserStream { get; init; }

    /// <summary>Gives the batches of named streams in place of <see cref="StreamRows"/> in seeded order.</summary>
    internal IReadOnlyDictionary<string, IBatchStream> StreamSources { get; init; } = new Dictionary<string, IBatchStream>();

    /// <summary>Where the run's state is saved on the way; null saves none.</summary>
    internal CheckpointStore? Checkpoints { get; init; }

    /// <summary>Looks at the hooks of every loop of this run; null leaves them alone.</summary>
    internal Func<ITrainingHooks, ITrainingHooks>? Watch { get; init; }

    /// <summary>Hears that gradients were changed by something else than the loop's own verbs; null looks for nothing, which costs nothing.</summary>
    internal Action? OnGradientsTouched { get; init; }

    /// <summary>Loops begun so far: a method may run several, one after the other.</summary>
    internal int Phase { get; private set; }

    /// <summary>A stream that the method asked for. Its position is the one that steps see, too.</summary>
    /// <exception cref="InvalidOperationException">It was not asked for, or the loop does not run.</exception>
    public TrainingStream Stream(string name) => Session(nameof(Stream)).Stream(name);

    /// <summary>One batch of rows of one's own, such as a part of <see cref="Examples"/>. Freed with the hook, or with the optimizer step.</summary>
    /// <exception cref="InvalidOperationException">The loop does not run.</exception>
    public TokenBatch CreateBatch(IEnumerable<TokenizedExample> rows) => Session(nameof(CreateBatch)).Collate([.. rows]);

    /// <summary>One forward pass, as <see cref="TrainingStep.Forward"/>.</summary>
    /// <exception cref="InvalidOperationException">The loop does not run.</exception>
    public ModelOutput Forward(TokenBatch batch, IEnumerable<Site>? read = null) => Session(nameof(Forward)).Forward(batch, null, read);

    /// <summary>The gradients of a loss at the parameters as they are; as <see cref="TrainingStep.Gradients"/>, outside of steps.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="loss">A scalar of batch and output; null takes the method's own <see cref="MethodAlgorithm.ComputeLoss"/>.</param>
    /// <param name="read">Places whose activations the loss reads; null for none.</param>
    /// <exception cref="InvalidOperationException">The loop does not run.</exception>
    public GradientSet Gradients(TokenBatch batch, Func<TokenBatch, ModelOutput, torch.Tensor>? loss = null, IEnumerable<Site>? read = null)
    {
        TrainingSession running = Session(nameof(Gradients));
        return running.Gradients(running.CreateOuterStep(batch), batch, loss, null, read);
    }

    /// <summary>The model untouched, as an artifact.</summary>
    public ModelArtifact Untouched() => new() { Model = Model };

    /// <summary>Frees the method's state.</summary>
    public void Dispose() => State.Dispose();

    internal async Task<ModelArtifact> RunLoopAsync(ITrainingHooks hooks, CancellationToken cancellationToken)
    {
        if (Examples.Count == 0)
        {
            throw new ConfigurationException("There is no training row. Check the data set's Count and filters.");
        }

        // The process's end stops a run at the next step, too: it then goes on from there another time.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, LanguageModel.Thread.Stopping);
        CancellationToken token = stop.Token;
        return await LanguageModel.Thread.RunAsync(
            () =>
            {
                using var loop = new TrainingLoop(this, Watch?.Invoke(hooks) ?? hooks, LanguageModel.Decoder);
                return loop.Run(token);
            },
            cancellationToken).ConfigureAwait(false);
    }

    internal int BeginPhase() => Phase++;

    internal void Bind(TrainingSession? running) => session = running;

    private TrainingSession Session(string member) => session
        ?? throw new InvalidOperationException($"{member} exists only while the loop runs: from OnTrainingStarted to OnTrainingFinished.");
}
