using System.ComponentModel.DataAnnotations;
using SafeTuneBed;

namespace ThirdParty;

/// <summary>Settings of the brake.</summary>
public sealed class DriftBrakeOptions : MethodOptions
{
    /// <summary>How strongly it pulls.</summary>
    [Range(0, 100)] public double Rho { get; set; } = 0.1;

    /// <summary>Weight of a pass over the defender's rows; 0 makes none.</summary>
    [Range(0, 100)] public double Guard { get; set; } = 0.5;
}

/// <summary>A pull to the start, and a pass over the defender's rows in every step.</summary>
public sealed class DriftBrakeAlgorithm : MethodAlgorithm<DriftBrakeOptions>
{
    /// <inheritdoc/>
    public override MethodNeeds Needs => MethodNeeds.Stream("align");

    /// <inheritdoc/>
    protected override void OnTrainingStarted(TrainingContext context) => context.State.Set("start", context.Parameters.Snapshot());

    /// <inheritdoc/>
    protected override void ComputeGradients(TrainingStep step)
    {
        step.AccumulateLoss(step.Batch);
        using GradientSet guard = step.Gradients(step.Stream("align").Next());
        step.Accumulate(guard, Options.Guard);
        using GradientSet drift = step.Parameters.Minus(step.State.Get<ParameterSnapshot>("start"));
        step.Accumulate(drift, Options.Rho);
        step.Log("drift", drift.Norm());
    }
}
