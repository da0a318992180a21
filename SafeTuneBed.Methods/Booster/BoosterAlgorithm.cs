namespace SafeTuneBed.Methods.Booster;

/// <summary>
/// Booster (Huang et al. 2024, arXiv 2409.01586, algorithm 1): alignment that also learns to lose little to a step of
/// harmful training, f(w) + lambda (h(w) - h(w - alpha g / ||g||)), g the gradient of h at w; h is the loss of harmful
/// rows, f of the defender's. How g moves with w is left out, as published.
/// </summary>
public sealed class BoosterAlgorithm : MethodAlgorithm<BoosterOptions>
{
    /// <inheritdoc/>
    public override MethodStage Stage => MethodStage.Alignment;

    /// <inheritdoc/>
    public override MethodNeeds Needs => MethodNeeds.Stream("harmful");

    /// <inheritdoc/>
    protected override void ComputeGradients(TrainingStep step)
    {
        step.AccumulateLoss(step.Batch);
        if (Options.Lambda == 0)
        {
            return;
        }

        TokenBatch harmful = step.Stream("harmful").Next();
        using GradientSet here = step.Gradients(harmful);
        using (step.Shift(here, -Options.Alpha / (here.Norm() + 1e-7)))
        {
            using GradientSet there = step.Gradients(harmful);
            here.AddScaled(there, -1);
        }

        step.Accumulate(here, Options.Lambda);
        step.Log("regularizer-gradient", Options.Lambda * here.Norm());
    }
}
