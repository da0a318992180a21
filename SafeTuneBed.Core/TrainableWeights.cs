namespace SafeTuneBed;

/// <summary>Which weights a fine-tuning changes.</summary>
public enum TrainableWeights
{
    /// <summary>Adapters of the run's <see cref="LoraConfig"/>, and the modules that it names to be trained whole. The artifact is a PEFT adapter.</summary>
    Adapters,

    /// <summary>
    /// Every weight of the model: embedding, output head, norms, linear layers and biases, kept in f32 whatever the model computes in. The artifact is a whole model, a Hugging
    /// Face folder. For methods of the stage <see cref="MethodStage.FineTuning"/> alone.
    /// </summary>
    All,
}
