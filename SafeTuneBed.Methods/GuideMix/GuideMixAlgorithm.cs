namespace SafeTuneBed.Methods.GuideMix;

/// <summary>
/// The control of LISA: plain LoRA that learns from as many of the defender's rows, in as many steps, as <c>lisa</c>
/// with the same K1 and K2, spread evenly over the run in place of taking turns, and without a pull. What LISA keeps
/// beyond it is due to its algorithm and not to the rows.
/// </summary>
public sealed class GuideMixAlgorithm : MethodAlgorithm<GuideMixOptions>
{
    /// <inheritdoc/>
    public override MethodNeeds Needs => Options.AlignmentSteps is 0 ? MethodNeeds.None : MethodNeeds.Stream("align");

    /// <inheritdoc/>
    protected override void OnTrainingStarted(TrainingContext context)
    {
        int rows = context.Examples.Count;
        (int k1, int k2) = Options.Cycle((context.Training with { Steps = null, Epochs = 1 }).TotalSteps(rows));
        (int cycles, int rest) = Math.DivRem(context.Training.TotalSteps(rows), k1 + k2);
        context.State.Set("guide-steps", (cycles * k1) + Math.Min(rest, k1));
    }

    /// <inheritdoc/>
    protected override BatchPlan PlanBatch(TrainingStep step)
    {
        long guide = step.State.Get<int>("guide-steps");
        long before = step.OptimizerStep * guide / step.TotalSteps;
        long after = (step.OptimizerStep + 1) * guide / step.TotalSteps;
        return after > before ? BatchPlan.Stream("align", Options.KeepUserBatches) : BatchPlan.User;
    }
}
