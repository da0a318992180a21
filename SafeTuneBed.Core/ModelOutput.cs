using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed;

/// <summary>
/// The result of one forward pass. Logits are lazy: losses never form them outside supervised positions, and there only in chunks. N is the batch's number of supervised
/// tokens; what has N numbers is in the order of <see cref="TokenBatch.Targets"/>.
/// </summary>
public sealed class ModelOutput
{
    private readonly Decoder decoder;
    private readonly LinearLayer head;
    private readonly TokenBatch batch;
    private readonly MethodNeeds needs;
    private Tensor? tokenLosses;
    private Tensor? logits;
    private ActivationSet? activations;

    /// <summary>A pass's hidden states, under the head that is in force now.</summary>
    internal ModelOutput(Decoder decoder, TokenBatch batch, Tensor hidden_BTD, MethodNeeds needs)
    {
        (this.decoder, this.batch, Hidden, this.needs) = (decoder, batch, hidden_BTD, needs);
        LinearLayer now = decoder.HeadLayer;
        head = new LinearLayer(now.Path, now.Weight, now.Bias) { Adapter = now.Adapter };
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
        LogitPositions.All => decoder.Head(Hidden, head),
        LogitPositions.Labels => decoder.Head(AtLossPositions(), head),
        _ => throw new InvalidOperationException(
            "This method did not ask for logits. Override Needs with MethodNeeds.LogitsAt(LogitPositions.Labels) or LogitPositions.All; for plain cross-entropy use output.CrossEntropy(), which needs none."),
    });

    /// <summary>
    /// What passed at the places that the pass was asked to read, f32, with graph where the pass has one; padding means nothing. Don't write to it: it is what the pass computed
    /// on with. Freed with the hook.
    /// </summary>
    /// <exception cref="InvalidOperationException">The pass was not asked to read any.</exception>
    public ActivationSet Activations => activations ?? throw new InvalidOperationException(
        "This pass read no activations. Name the places where it is made: step.Forward(batch, read: [Site.MlpOutput]), and so with Gradients, AccumulateLoss and Reference.");

    /// <summary>Cross-entropy over the batch's supervised tokens, a scalar with graph: the mean of the tokens' losses, or of weight times loss.</summary>
    /// <param name="weights">
    /// [N] real numbers, constants; null for 1 each. The sum is divided by N and not by the sum of the weights: for a weighted mean give <c>weights / weights.mean()</c>.
    /// </param>
    /// <exception cref="ArgumentException">There are not N weights.</exception>
    public Tensor CrossEntropy(Tensor? weights = null)
    {
        if (weights is not null && (weights.dim() != 1 || weights.size(0) != batch.SupervisedTokenCount))
        {
            throw new ArgumentException($"The weights have the shape [{string.Join(", ", weights.shape)}]; one for each of the batch's {batch.SupervisedTokenCount} supervised tokens is needed.", nameof(weights));
        }

        Tensor each = Losses(); // outlives this: they are logged by role
        using var scope = NewDisposeScope();
        Tensor sum = weights is null ? each.sum() : each.mul(weights.detach().to(each.dtype).to(each.device)).sum();
        return sum.div(KeptScalar.Of((long)batch.SupervisedTokenCount)).MoveToOuterDisposeScope();
    }

    /// <summary>The log-probability of each supervised token, [N] f32, with graph. No logits are asked for and none outlives its chunk.</summary>
    public Tensor TokenLogProbabilities() => Losses().neg();

    /// <summary>Hidden states at the supervised positions, [N, D], with graph.</summary>
    public Tensor AtLossPositions()
    {
        using var scope = NewDisposeScope();
        return Hidden.view(-1, Hidden.shape[^1]).index_select(0, batch.LossPositions).MoveToOuterDisposeScope();
    }

    /// <summary>The loss of each supervised token, [N], once one was formed.</summary>
    internal Tensor? TokenLosses => tokenLosses is { IsInvalid: false } ? tokenLosses : null;

    /// <summary>What the pass does at some places.</summary>
    internal SiteTaps? Taps { get; init; }

    /// <summary>Takes what the pass read.</summary>
    internal void Read(ActivationSet values) => activations = values;

    /// <summary>The mean over supervised tokens of KL(reference || this), a scalar with graph; of the same batch.</summary>
    internal Tensor DivergenceFrom(ModelOutput reference)
    {
        using var scope = NewDisposeScope();
        if (HasWholeHead)
        {
            Tensor theirs = reference.WholeLogits().detach().log_softmax(-1), own = WholeLogits().log_softmax(-1);
            return theirs.exp().mul(theirs.sub(own)).sum().div(KeptScalar.Of((long)batch.SupervisedTokenCount)).MoveToOuterDisposeScope();
        }

        Tensor each = ChunkedDivergence.FromReference(AtLossPositions(), head.Weight, reference.AtLossPositions(), reference.head.Weight, decoder.Options.LogitCap);
        return each.sum().div(KeptScalar.Of((long)batch.SupervisedTokenCount)).MoveToOuterDisposeScope();
    }

    // A head in training needs its own gradient, and a tap the logits as they are: what the chunked forms leave out.
    private bool HasWholeHead => head.Adapter is not null || head.Weight.requires_grad || Taps?.Contains(Site.Logits) == true;

    private Tensor Losses()
    {
        if (TokenLosses is { } formed)
        {
            return formed;
        }

        using var scope = NewDisposeScope();
        Tensor losses = HasWholeHead
            ? nn.functional.cross_entropy(WholeLogits(), batch.Targets, reduction: nn.Reduction.None).to(ScalarType.Float32)
            : ChunkedCrossEntropy.Losses(AtLossPositions(), head.Weight, batch.Targets, decoder.Options.LogitCap);
        return tokenLosses = losses.MoveToOuterDisposeScope();
    }

    // At the supervised positions, [N, V].
    private Tensor WholeLogits()
    {
        if (Taps?.Contains(Site.Logits) != true)
        {
            return decoder.Head(AtLossPositions(), head);
        }

        return needs.Logits == LogitPositions.All ? Logits.view(-1, Logits.shape[^1]).index_select(0, batch.LossPositions) : Logits;
    }
}
