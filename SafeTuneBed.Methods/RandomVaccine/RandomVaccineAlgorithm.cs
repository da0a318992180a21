namespace SafeTuneBed.Methods.RandomVaccine;

/// <summary>
/// The ablation of Vaccine (Huang et al. 2024, arXiv 2402.01109): what attention gives is moved at random in place of
/// along the gradient, a_l + sqrt(rho) N(0, 1), in one pass.
/// </summary>
public sealed class RandomVaccineAlgorithm : MethodAlgorithm<RandomVaccineOptions>
{
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

        double deviation = Options.MatchesLength ? 1 : Math.Sqrt(Options.Rho);
        using ActivationSet noise = step.ActivationNoise([Site.AttentionOutput], step.Batch, deviation);
        if (Options.MatchesLength)
        {
            noise.ClearPadding(step.Batch); // a gradient has none there, either
            noise.Scale(Options.Rho / noise.Norm());
        }

        step.AccumulateLoss(step.Batch, noise);
    }
}
