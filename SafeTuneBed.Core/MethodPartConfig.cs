namespace SafeTuneBed;

/// <summary>One method of a pipeline with its resolved settings.</summary>
/// <param name="Method">Registered name.</param>
/// <param name="Stage">Where it acts.</param>
public sealed record MethodPartConfig(string Method, MethodStage Stage)
{
    /// <summary>Its own settings; null for a method without any.</summary>
    public MethodOptions? Options { get; init; }

    /// <summary>Which weights it trains.</summary>
    public TrainableWeights Trainable { get; init; }

    /// <summary>The loop's settings of an alignment stage; null for other stages, whose fine-tuning is <see cref="FinetuneExperimentConfig.Training"/>.</summary>
    public TrainingConfig? Training { get; init; }

    /// <summary>The adapters of an alignment stage; null for other stages.</summary>
    public LoraConfig? Lora { get; init; }
}
