using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Tests.TestDoubles;

public sealed class AttenuatingOptions : MethodOptions
{
    [Range(0, 100)] public double Lambda { get; set; } = 5;

    [Range(0, 10)] public double Alpha { get; set; } = 0.1;
}

/// <summary>Three passes a micro-step: the harmful rows' gradient before and after a step along itself, and the user's.</summary>
public sealed class AttenuatingMethod : MethodAlgorithm<AttenuatingOptions>
{
    public override MethodNeeds Needs => MethodNeeds.Stream("harmful");

    protected override void ComputeGradients(TrainingStep step)
    {
        TokenBatch harmful = step.Stream("harmful").Next();
        GradientSet before = step.Gradients(harmful), after;
        using (step.Shift(before, -Options.Alpha / (before.Norm() + 1e-7)))
        {
            after = step.Gradients(harmful);
        }

        step.Accumulate(step.Gradients(step.Batch));
        step.Accumulate(before.Minus(after), Options.Lambda);
    }
}
