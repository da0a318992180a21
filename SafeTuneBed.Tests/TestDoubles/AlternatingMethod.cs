using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Tests.TestDoubles;

public sealed class AlternatingOptions : MethodOptions
{
    [Range(0, 1000)] public int AlignSteps { get; set; } = 2;

    [Range(1, 1000)] public int TuneSteps { get; set; } = 3;

    [Range(0, 100)] public double Rho { get; set; } = 0.3;

    public bool KeepUserBatches { get; set; }
}

/// <summary>Two states that take turns on two streams, each pulled towards where the other one stopped: everything that it remembers is in State.</summary>
public sealed class AlternatingMethod : MethodAlgorithm<AlternatingOptions>
{
    /// <summary>As <see cref="Inside"/>, for every instance in the process.</summary>
    public static Action<TrainingStep>? Everywhere { get; set; }

    /// <summary>Called in the middle of every micro-step.</summary>
    public Action<TrainingStep>? Inside { get; set; }

    public override MethodNeeds Needs => MethodNeeds.Stream("align");

    protected override BatchPlan PlanBatch(TrainingStep step)
    {
        bool aligns = step.State.GetOrAdd("aligns", () => Options.AlignSteps > 0);
        step.State.GetOrAdd("after-align", step.Parameters.Snapshot);
        step.State.GetOrAdd("after-tune", step.Parameters.Snapshot);
        if (step.WindowIndex == 0 && Options.AlignSteps > 0)
        {
            int clock = step.State.GetOrAdd("clock", () => 0);
            if (clock == (aligns ? Options.AlignSteps : Options.TuneSteps))
            {
                step.State.Set(aligns ? "after-align" : "after-tune", step.Parameters.Snapshot());
                step.State.Set("aligns", aligns = !aligns);
                clock = 0;
            }

            step.State.Set("clock", clock + 1);
        }

        return aligns ? BatchPlan.Stream("align", Options.KeepUserBatches) : BatchPlan.User;
    }

    protected override void ComputeGradients(TrainingStep step)
    {
        step.AccumulateLoss(step.Batch);
        Inside?.Invoke(step);
        Everywhere?.Invoke(step);
        if (Options.Rho > 0)
        {
            using GradientSet drift = step.Parameters.Minus(step.State.Get<ParameterSnapshot>(step.Plan.StreamName is null ? "after-align" : "after-tune"));
            step.Accumulate(drift, Options.Rho);
            step.Log("drift", drift.Norm());
        }
    }
}
