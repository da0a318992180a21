using SafeTuneBed.Models;
using SafeTuneBed.Training;
using TorchSharp;

namespace SafeTuneBed;

/// <summary>
/// A loaded model before adapters are attached, as <see cref="MethodAlgorithm.PrepareModel"/> sees it: what it answers to some rows can decide where adapters go. Nothing has a
/// graph, and nothing of it outlives the hook.
/// </summary>
public sealed class ModelContext
{
    private readonly TrainingSession session;
    private readonly Decoder decoder;

    internal ModelContext(TrainingSession session, TrainingContext context, Decoder decoder)
    {
        (this.session, this.decoder, Lora) = (session, decoder, context.Lora);
        (Model, Seed, Examples, StreamRows) = (context.Model, context.Seed, context.Examples, context.StreamRows);
    }

    /// <summary>The model that the run starts from.</summary>
    public ModelReference Model { get; }

    /// <summary>The run's seed.</summary>
    public ulong Seed { get; }

    /// <summary>Blocks of the model.</summary>
    public int LayerCount => decoder.Options.LayerCount;

    /// <summary>Full paths of the linear layers of its blocks, which can carry adapters, in the order of the network.</summary>
    public IReadOnlyList<string> LinearPaths => [.. decoder.Linears.Select(l => l.Path)];

    /// <summary>
    /// The adapters that will be attached, at first as they are configured: <c>context.Lora = context.Lora with { LayersToTransform = [8, 9] }</c>. The artifact says what was
    /// attached. Without effect where every weight trains.
    /// </summary>
    public LoraConfig Lora
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    }

    /// <summary>The training rows, in their seeded order.</summary>
    public IReadOnlyList<TokenizedExample> Examples { get; }

    /// <summary>The rows of every stream that the method asked for, by name, in their seeded order.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<TokenizedExample>> StreamRows { get; }

    /// <summary>One batch of some rows.</summary>
    public TokenBatch CreateBatch(IEnumerable<TokenizedExample> rows) => session.Collate([.. rows]);

    /// <summary>One pass of the model.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="read">Places whose activations the output tells; null for none.</param>
    /// <exception cref="ConfigurationException">The model has no such place; the message says what it has.</exception>
    public ModelOutput Forward(TokenBatch batch, IEnumerable<Site>? read = null)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var noGrad = torch.no_grad();
        return read is null ? Pass(null) : new ActivationPasses(session, decoder).Reading(read, null, Pass);

        ModelOutput Pass(SiteTaps? taps) => new(decoder, batch, session.Hidden(batch, taps), session.Needs) { Taps = taps };
    }

    /// <summary>What passes at some places, as <see cref="TrainingStep.Activations"/>.</summary>
    /// <exception cref="ConfigurationException">The model has no such place; the message says what it has.</exception>
    public ActivationSet Activations(IEnumerable<Site> sites, TokenBatch batch) => Forward(batch, sites).Activations;
}
