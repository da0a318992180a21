namespace SafeTuneBed.Methods.Lisa;

/// <summary>
/// LISA, lazy safety alignment (Huang et al. 2024, arXiv 2405.18641): K1 steps on the defender's rows and K2 on the
/// user's take turns, and each state minimizes its loss + rho/2 ||w - v||², where v is w as the other state left it.
/// Until a state has been left once, v is w at the start.
/// </summary>
public sealed class LisaAlgorithm : MethodAlgorithm<LisaOptions>
{
    /// <inheritdoc/>
    public override MethodNeeds Needs =>
        Options.AlignmentSteps is 0 ? MethodNeeds.None : MethodNeeds.Stream("align");

    /// <inheritdoc/>
    public override string Control => "guide-mix";

    /// <inheritdoc/>
    protected override void OnTrainingStarted(TrainingContext context)
    {
        TrainingConfig epoch = context.Training with { Steps = null, Epochs = 1 };
        int rows = context.Examples.Count, steps = epoch.TotalSteps(rows);
        (int k1, int k2) = Options.Cycle(Options.ReferenceCompatible ? epoch.TotalMicroSteps(rows, steps) : steps);
        context.State.Set("k1", k1);
        context.State.Set("k2", k2);
        context.State.Set("aligns", k1 > 0);
        context.State.Set("aligned", context.Parameters.Snapshot());
        context.State.Set("tuned", context.Parameters.Snapshot());
    }

    /// <inheritdoc/>
    protected override BatchPlan PlanBatch(TrainingStep step)
    {
        int k1 = step.State.Get<int>("k1"), k2 = step.State.Get<int>("k2");
        int clock = Options.ReferenceCompatible ? step.MicroStep : step.OptimizerStep;
        return clock % (k1 + k2) < k1 ? BatchPlan.Stream("align", Options.KeepUserBatches) : BatchPlan.User;
    }

    /// <inheritdoc/>
    protected override void ComputeGradients(TrainingStep step)
    {
        bool aligns = step.Plan.StreamName is not null;
        if (aligns != step.State.Get<bool>("aligns")) // a switch: the weights are as the other state left them
        {
            step.State.Set(aligns ? "tuned" : "aligned", step.Parameters.Snapshot());
            step.State.Set("aligns", aligns);
        }

        step.AccumulateLoss(step.Batch);
        bool waits = Options.ReferenceCompatible && step.MicroStep <= 0.1 * step.TotalMicroSteps;
        if (Options.Rho > 0 && !waits)
        {
            var anchor = step.State.Get<ParameterSnapshot>(aligns ? "tuned" : "aligned");
            using GradientSet drift = step.Parameters.Minus(anchor);
            step.Accumulate(drift, Options.Rho); // the proximal term's gradient
            step.Log("proximal", Options.Rho / 2 * drift.SquaredNorm());
        }
    }
}
