using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed;

/// <summary>The result of one forward pass. Logits are lazy: the loss never forms them outside supervised positions, and there only in chunks.</summary>
public sealed class ModelOutput
{
    private readonly Decoder decoder;
    private readonly TokenBatch batch;
    private readonly MethodNeeds needs;
    private Tensor? tokenLosses;
    private Tensor? logits;

    internal ModelOutput(Decoder decoder, TokenBatch batch, Tensor hidden_BTD, MethodNeeds needs)
    {
        (this.decoder, this.batch, Hidden, this.needs) = (decoder, batch, hidden_BTD, needs);
    }

    /// <summary>Hidden states after the final norm, [B, T, D], with graph.</summary>
    public Tensor Hidden { get; }

    /// <summary>
    /// Logits with graph, f32: [B, T, V] where the method asked for all positions, [N, V] at the batch's <see cref="TokenBatch.LossPositions"/>
    /// where it asked for the labels'. Formed when first read, and then the same tensor.
    /// </summary>
    /// <exception cref="InvalidOperationException">The method did not ask for logits.</exception>
    public Tensor Logits => logits is { IsInvalid: false } formed ? formed : logits = Taps.At(Site.Logits, needs.Logits switch
    {
        LogitPositions.All => decoder.Head(Hidden),
        LogitPositions.Labels => decoder.Head(AtLossPositions()),
        _ => throw new InvalidOperationException(
            "This method did not ask for logits. Override Needs with MethodNeeds.LogitsAt(LogitPositions.Labels) or LogitPositions.All; for plain cross-entropy use output.CrossEntropy(), which needs none."),
    });

    /// <summary>Mean cross-entropy over the batch's supervised tokens: a scalar with graph.</summary>
    public Tensor CrossEntropy()
    {
        using var scope = NewDisposeScope();
        bool tapped = Taps?.Contains(Site.Logits) == true;
        if (tapped || decoder.HeadLayer.Adapter is not null || decoder.HeadWeight.requires_grad)
        {
            // A head in training needs its own gradient, which the chunked form leaves out.
            Tensor each = nn.functional.cross_entropy(tapped ? LogitsAtLossPositions() : decoder.Head(AtLossPositions()), batch.Targets, reduction: nn.Reduction.None);
            tokenLosses ??= each.detach().to(ScalarType.Float32).MoveToOuterDisposeScope();
            return each.mean().MoveToOuterDisposeScope();
        }

        Tensor losses = zeros(batch.SupervisedTokenCount, dtype: ScalarType.Float32, device: Hidden.device);
        Tensor sum = ChunkedCrossEntropy.Sum(AtLossPositions(), decoder.HeadWeight, batch.Targets, losses, decoder.Options.LogitCap);
        tokenLosses = losses.MoveToOuterDisposeScope();
        return sum.div(KeptScalar.Of((long)batch.SupervisedTokenCount)).MoveToOuterDisposeScope();
    }

    /// <summary>Hidden states at the supervised positions, [N, D], with graph.</summary>
    public Tensor AtLossPositions()
    {
        using var scope = NewDisposeScope();
        return Hidden.view(-1, Hidden.shape[^1]).index_select(0, batch.LossPositions).MoveToOuterDisposeScope();
    }

    /// <summary>What the pass does at some places.</summary>
    internal SiteTaps? Taps { get; init; }

    private Tensor LogitsAtLossPositions() => needs.Logits == LogitPositions.All ? Logits.view(-1, Logits.shape[^1]).index_select(0, batch.LossPositions) : Logits;

    /// <summary>The loss of each supervised token, once <see cref="CrossEntropy"/> has been formed; without graph.</summary>
    internal Tensor? TokenLosses => tokenLosses is { IsInvalid: false } ? tokenLosses : null;
}
