namespace SafeTuneBed.Methods.Vaccine;

/// <summary>
/// Vaccine, perturbation-aware alignment (Huang et al. 2024, arXiv 2402.01109, algorithm 1): each step learns the
/// defender's rows while what attention gives is moved to where the loss grows fastest:
/// e_l = rho g_l / ||g||, g_l the loss's gradient at the attention output of block l, ||g|| over all blocks.
/// </summary>
public sealed class VaccineAlgorithm : MethodAlgorithm<VaccineOptions>
{
    /// <inheritdoc/>
    public override string Control => "random-vaccine";

    /// <inheritdoc/>
    public override MethodStage Stage => MethodStage.Alignment;

    /// <inheritdoc/>
    protected override void ComputeGradients(TrainingStep step)
    {
        if (Options.Rho == 0)
        {
            step.AccumulateLoss(step.Batch);
            return;
        }

        using ActivationSet e = step.ActivationGradients([Site.AttentionOutput], step.Batch);
        double norm = e.Norm();
        e.Scale(Options.Rho / (norm + 1e-7));
        step.AccumulateLoss(step.Batch, e);
        step.Log("activation-gradient", norm);
    }
}
