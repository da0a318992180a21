namespace SafeTuneBed.Methods.Vaccine;

/// <summary>
/// The training of the stage that Vaccine and its ablation share: that of the authors' scripts as SafeTuneBed carries
/// them (arXiv 2402.01109).
/// </summary>
public abstract class PerturbedAlignmentOptions : AlignmentOptions
{
    /// <summary>The authors' settings.</summary>
    protected PerturbedAlignmentOptions()
    {
        Training = new TrainingOptions
        {
            Epochs = 50,
            BatchSize = 5,
            LearningRate = 1e-3,
            Schedule = LearningRateSchedule.Cosine,
            WarmupRatio = 0.1,
            WeightDecay = 0.1,
        };
        Rows = 2_000;
        Lora = new LoraOptions { Rank = 8, Alpha = 4, Dropout = 0.1, TargetModules = ["all-linear"] };
    }
}
