namespace SafeTuneBed.Methods.Full;

/// <summary>
/// Full fine-tuning: every weight of the model is trained, kept in f32 whatever the model computes in, under the
/// cross-entropy, the optimizer and the loop of plain LoRA. What is stored is a whole model.
/// </summary>
public sealed class FullAlgorithm : MethodAlgorithm
{
    /// <inheritdoc/>
    public override TrainableWeights Trainable => TrainableWeights.All;
}
