using TorchSharp;

namespace SafeTuneBed.Methods.ConstrainedSft;

/// <summary>
/// Constrained fine-tuning (Qi et al. 2024, arXiv 2406.05946, equation 3): a token that became likelier than it was for
/// the model before training counts less, the first ones most of all. The gradient of -(2 / beta) log sigmoid(beta d)
/// is that of a log-probability weighted by 2 (1 - sigmoid(beta d)), d = log p - log p before.
/// </summary>
public sealed class ConstrainedSftAlgorithm : MethodAlgorithm<ConstrainedSftOptions>
{
    /// <inheritdoc/>
    public override MethodNeeds Needs => MethodNeeds.Reference;

    /// <inheritdoc/>
    protected override torch.Tensor ComputeLoss(TrainingStep step, TokenBatch batch, ModelOutput output)
    {
        float[] now = output.TokenLogProbabilities().detach().cpu().data<float>().ToArray();
        float[] before = step.ReferenceLogProbabilities(batch).cpu().data<float>().ToArray();
        IReadOnlyList<int> places = batch.TargetPlaces;
        float[] weights = [.. places.Select((p, i) => (float)Options.WeightAt(p, (double)now[i] - before[i]))];
        step.Log("mean-weight", weights.Average());
        return output.CrossEntropy(torch.tensor(weights));
    }
}
