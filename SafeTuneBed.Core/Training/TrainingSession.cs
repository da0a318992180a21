using System.Globalization;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>What a method can do in a run: forward passes, gradients, shifts, streams. The loop decides when. Everything happens on the model's compute thread.</summary>
internal sealed class TrainingSession : IDisposable
{
    private readonly TrainingContext context;
    private readonly ITrainingHooks hooks;
    private readonly Decoder decoder;
    private readonly List<TokenBatch> batches = [];

    public TrainingSession(TrainingContext context, ITrainingHooks hooks, Decoder decoder)
    {
        (this.context, this.hooks, this.decoder) = (context, hooks, decoder);
        Needs = hooks.Needs;
        Needs.CheckBlocks(decoder.Options.LayerCount);
        Seeds = new SeedTree(context.Seed);
        Streams = Needs.Streams.ToDictionary(name => name, CreateStream, StringComparer.Ordinal); // a missing one is told before anything is made
        Lora = new TrainableLora(decoder, Prepare(), Seeds["lora-init"], Seeds["dropout"], hooks.Trainable);
        Parameters = new ParameterSet(Flat);
        Shifts = new ShiftStack(Flat);
        Guard = context.OnGradientsTouched is { } touched ? new GradientGuard(Flat, touched) : null;
        User = context.UserStream ?? new BatchStream(context.Examples, context.Training, Seeds["user-order"]);
        Activations = new ActivationPasses(this, decoder);
        Reference = new ReferenceModel(this, decoder, context.Training.BatchSize, [context.Examples, .. context.StreamRows.Values]);
        decoder.Recomputation = context.Training.GradientCheckpointing ? new Recomputation(Lora.NoteMasks) : null;
    }

    public MethodNeeds Needs { get; }

    public SeedTree Seeds { get; }

    public TrainableLora Lora { get; }

    public FlatParameters Flat => Lora.Parameters;

    public ParameterSet Parameters { get; }

    public TrainingState State => context.State;

    public ShiftStack Shifts { get; }

    public WindowFigures Figures { get; } = new();

    /// <summary>Sees writers of gradients that are not the loop's; null where nobody looks.</summary>
    public GradientGuard? Guard { get; }

    public ActivationPasses Activations { get; }

    public ReferenceModel Reference { get; }

    /// <summary>Blocks of the model.</summary>
    public int LayerCount => decoder.Options.LayerCount;

    /// <summary>The user's batches.</summary>
    public IBatchStream User { get; }

    /// <summary>The streams that the method asked for.</summary>
    public IReadOnlyDictionary<string, TrainingStream> Streams { get; }

    public TrainingStream Stream(string name) => Streams.TryGetValue(name, out TrainingStream? stream)
        ? stream
        : throw new InvalidOperationException(
            $"This method did not ask for the stream '{name}'{(Streams.Count > 0 ? $" (it asked for {string.Join(", ", Streams.Keys)})" : "")}. Override Needs with MethodNeeds.Stream(\"{name}\"), joined to others by And.");

    /// <summary>A batch that is freed by <see cref="FreeBatches"/>.</summary>
    public TokenBatch Collate(IReadOnlyList<TokenizedExample> rows)
    {
        TokenBatch batch = BatchCollator.Collate(rows, decoder.Device, context.Training.Packing);
        batches.Add(batch);
        return batch;
    }

    public void FreeBatches()
    {
        batches.ForEach(b => b.Dispose());
        batches.Clear();
    }

    /// <summary>A step for work outside of steps: weight 1, nothing logged.</summary>
    public TrainingStep CreateOuterStep(TokenBatch batch)
    {
        var step = new TrainingStep(this);
        step.Decide(BatchPlan.User, batch);
        step.Weigh(1);
        return step;
    }

    public ModelOutput Forward(TokenBatch batch, ActivationSet? taps, IEnumerable<Site>? read = null) => read is null
        ? Forward(batch, taps is null ? null : SiteTaps.Adding(taps))
        : Activations.Reading(read, taps, together => Forward(batch, together));

    public ModelOutput Forward(TokenBatch batch, SiteTaps? taps)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Lora.BeginPass(batch);
        return new ModelOutput(decoder, batch, Hidden(batch, taps), Needs) { Taps = taps };
    }

    /// <summary>Hidden states of a batch, padded or packed.</summary>
    public Tensor Hidden(TokenBatch batch, SiteTaps? taps = null) => decoder.Hidden(batch.InputIds, taps: taps, rows: batch.IsPacked ? batch.Lengths : null);

    /// <summary>Logits of hidden states, with graph where one is asked for.</summary>
    public Tensor Head(Tensor hidden) => decoder.Head(hidden);

    public void AccumulateLoss(TrainingStep step, TokenBatch batch, ActivationSet? taps, IEnumerable<Site>? read)
    {
        using var scope = NewDisposeScope();
        Tensor loss = LossOf(step, batch, Forward(batch, taps, read), null).mul(KeptScalar.Of(step.WindowWeight));
        Guard?.Check();
        Backward(loss);
        Guard?.Note();
    }

    public ActivationSet ActivationGradients(TrainingStep step, IEnumerable<Site> sites, TokenBatch batch, Func<TokenBatch, ModelOutput, Tensor>? loss) =>
        Activations.Gradients(sites, batch, output => LossOf(step, batch, output, loss));

    public GradientSet Gradients(TrainingStep step, TokenBatch batch, Func<TokenBatch, ModelOutput, Tensor>? loss, ActivationSet? taps, IEnumerable<Site>? read)
    {
        Tensor buffer = zeros_like(Flat.Gradients);
        Flat.LinkGradients(buffer);
        try
        {
            using var scope = NewDisposeScope();
            Backward(LossOf(step, batch, Forward(batch, taps, read), loss));
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
        finally
        {
            Flat.LinkGradients(Flat.Gradients);
        }

        return new GradientSet(Flat, buffer);
    }

    /// <summary>The gradients of a loss, added where they belong.</summary>
    public void Backward(Tensor loss)
    {
        loss.backward();
        decoder.Recomputation?.ThrowIfFailed();
    }

    public void Accumulate(GradientSet gradients, double scale)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        Guard?.Check();
        using var noGrad = no_grad();
        foreach (FlatRange range in Flat.ActiveRanges())
        {
            using Tensor target = Flat.Gradients.narrow(0, range.Offset, range.Length);
            using Tensor source = gradients.Values.narrow(0, range.Offset, range.Length);
            target.add_(source, alpha: KeptScalar.Of(scale));
        }

        Guard?.Note();
    }

    public IDisposable Shift(GradientSet direction, double scale)
    {
        ArgumentNullException.ThrowIfNull(direction);
        return Shifts.Push(direction, scale);
    }

    /// <summary>Runs a hook in a scope of its own, and sees that it leaves the parameters unshifted.</summary>
    public void Call(Action hook)
    {
        using var scope = NewDisposeScope();
        hook();
        Guard?.Check();
        if (Shifts.IsShifted)
        {
            Shifts.Clear();
            throw new InvalidOperationException("A shift of the parameters was not disposed by the hook that made it. Write: using (step.Shift(direction, scale)) { ... }.");
        }
    }

    public void Dispose()
    {
        decoder.Recomputation = null;
        Shifts.Clear();
        FreeBatches();
        Guard?.Dispose();
        Lora.Dispose();
    }

    // Where the adapters go, as the method decides on the model without any.
    private LoraConfig Prepare()
    {
        var prepared = new ModelContext(this, context, decoder);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        try
        {
            hooks.PrepareModel(prepared);
            return prepared.Lora;
        }
        finally
        {
            FreeBatches();
        }
    }

    private Tensor LossOf(TrainingStep step, TokenBatch batch, ModelOutput output, Func<TokenBatch, ModelOutput, Tensor>? loss)
    {
        Tensor value = CheckedLoss(loss is null ? hooks.ComputeLoss(step, batch, output) : loss(batch, output));
        Figures.Count(step, batch, value, output, isOwn: loss is null);
        return value;
    }

    private static Tensor CheckedLoss(Tensor loss) => loss.numel() == 1 && loss.requires_grad
        ? loss
        : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"A loss must be a scalar that depends on the trainable parameters; this is a tensor of {loss.numel()} numbers {(loss.requires_grad ? "with" : "without")} a graph."));

    private TrainingStream CreateStream(string name)
    {
        if (!context.StreamRows.TryGetValue(name, out IReadOnlyList<TokenizedExample>? rows) || rows.Count == 0)
        {
            throw new ConfigurationException($"The stream '{name}', which the method asks for, {(rows is null ? "was not given" : "has no row")}. Name its data set in the grid's Streams.");
        }

        return new TrainingStream(this, name, rows, context.StreamSources.GetValueOrDefault(name) ?? new BatchStream(rows, context.Training, Seeds["stream"][name]));
    }
}
