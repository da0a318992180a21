namespace SafeTuneBed;

/// <summary>
/// One method on one data set with every setting resolved. Layers, each winning over those before it: library defaults, the data set's task recipe,
/// the method's overlay for that data set, the configuration section, the builder, the grid.
/// </summary>
public sealed record FinetuneExperimentConfig
{
    /// <summary>Method name.</summary>
    public required string Method { get; init; }

    /// <summary>The data set's recipe.</summary>
    public required FinetuneDatasetConfig Dataset { get; init; }

    /// <summary>Resolved settings of the training loop.</summary>
    public required TrainingConfig Training { get; init; }

    /// <summary>Resolved settings of the adapters.</summary>
    public required LoraConfig Lora { get; init; }

    /// <summary>The method's own settings; null for a method without any.</summary>
    public MethodOptions? Options { get; init; }

    /// <summary>
    /// Where each value comes from: <c>default</c>, <c>task recipe</c>, <c>method overlay</c>, <c>configuration</c>, <c>builder</c>, <c>grid</c> or <c>model</c> (a limit of
    /// the model). Keys are paths such as <c>Training:LearningRate</c>, <c>Lora:Rank</c> and <c>Methods:lisa:Rho</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string> Origins { get; init; } = new Dictionary<string, string>();
}
