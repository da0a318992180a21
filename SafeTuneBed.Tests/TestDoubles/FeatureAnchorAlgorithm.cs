using TorchSharp;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>
/// A pull of features to those of the model before training, in the manner of LDIFS (arXiv 2308.13320): the mean over answer tokens of the squared distance of what the
/// feed-forward parts give, as a term of the loss.
/// </summary>
public sealed class FeatureAnchorAlgorithm : MethodAlgorithm
{
    private const float Rho = 0.01f;
    private static readonly Site[] Places = [Site.MlpOutput];

    public override MethodNeeds Needs => MethodNeeds.Reference;

    protected override void ComputeGradients(TrainingStep step) => step.AccumulateLoss(step.Batch, read: Places);

    protected override torch.Tensor ComputeLoss(TrainingStep step, TokenBatch batch, ModelOutput output)
    {
        ActivationSet now = output.Activations, before = step.Reference(batch, Places).Activations;
        torch.Tensor drift = torch.zeros(1);
        foreach (Site place in now.Places)
        {
            torch.Tensor moved = At(now[place], batch) - At(before[place], batch);
            drift += moved.mul(moved).sum();
        }

        step.Log("drift", drift.item<float>());
        return output.CrossEntropy() + (drift.squeeze() * torch.tensor(Rho / batch.SupervisedTokenCount));
    }

    private static torch.Tensor At(torch.Tensor values, TokenBatch batch) => values.reshape(-1, values.shape[^1]).index_select(0, batch.LossPositions);
}
