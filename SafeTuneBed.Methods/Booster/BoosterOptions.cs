using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Methods.Booster;

/// <summary>
/// Settings of Booster: its regularizer, and the training of its stage, whose defaults are those of the authors'
/// scripts (rank 32, alpha 4, no dropout, on q, k and v; 20 epochs in batches of 10, constant learning rate 5e-4,
/// weight decay 0.1).
/// </summary>
public sealed class BoosterOptions : AlignmentOptions
{
    /// <summary>The authors' settings of the stage.</summary>
    public BoosterOptions()
    {
        Training = new TrainingOptions
        {
            Epochs = 20,
            BatchSize = 10,
            LearningRate = 5e-4,
            Schedule = LearningRateSchedule.Constant,
            WeightDecay = 0.1,
        };
        Rows = 5_000;
        Lora = new LoraOptions { Rank = 32, Alpha = 4, Dropout = 0, TargetModules = ["q_proj", "k_proj", "v_proj"] };
    }

    /// <summary>
    /// lambda, 0 to 1000: the weight of the regularizer. Default 5, the authors' scripts' (arXiv 2409.01586); 0 is
    /// plain training on the rows to the bit.
    /// </summary>
    [Range(0.0, 1000.0)]
    public double Lambda { get; set; } = 5;

    /// <summary>
    /// alpha, 0 to 100: the length of the simulated step of harmful training, over all trainable numbers together.
    /// Default 0.1, the authors' scripts'; 0 makes the regularizer nothing.
    /// </summary>
    [Range(0.0, 100.0)]
    public double Alpha { get; set; } = 0.1;
}
