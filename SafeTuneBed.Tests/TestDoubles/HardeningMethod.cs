namespace SafeTuneBed.Tests.TestDoubles;

public sealed class HardeningOptions : AlignmentOptions
{
    public HardeningOptions()
    {
        (Training.Steps, Training.BatchSize, Training.LearningRate) = (30, 4, 2e-3);
        (Lora.TargetModules, Lora.Dropout) = (["q_proj", "v_proj", "down_proj"], 0.0);
    }
}

/// <summary>An alignment stage that simply learns the defender's rows once more.</summary>
public sealed class HardeningMethod : MethodAlgorithm<HardeningOptions>
{
    /// <summary>Called in the middle of every micro-step of every instance in the process.</summary>
    public static Action<TrainingStep>? Everywhere { get; set; }

    public override MethodStage Stage => MethodStage.Alignment;

    protected override void ComputeGradients(TrainingStep step)
    {
        step.AccumulateLoss(step.Batch);
        Everywhere?.Invoke(step);
    }
}
