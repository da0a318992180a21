namespace SafeTuneBed;

/// <summary>
/// One method, or pipeline of methods, on one data set with every setting resolved. Layers, each winning over those before it: library defaults, the data set's task recipe,
/// the methods' overlays for that data set, the configuration section, the builder, the grid.
/// </summary>
public sealed record FinetuneExperimentConfig
{
    /// <summary>Method name; of a pipeline its canonical form, such as <c>vaccine+lora</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The data set's recipe.</summary>
    public required FinetuneDatasetConfig Dataset { get; init; }

    /// <summary>Resolved settings of the training loop on the user's rows.</summary>
    public required TrainingConfig Training { get; init; }

    /// <summary>Resolved settings of that training's adapters.</summary>
    public required LoraConfig Lora { get; init; }

    /// <summary>The fine-tuning method's own settings; null for a method without any.</summary>
    public MethodOptions? Options { get; init; }

    /// <summary>Every method of the pipeline in the order in which they act, the fine-tuning one included.</summary>
    public IReadOnlyList<MethodPartConfig> Parts { get; init; } = [];

    /// <summary>
    /// Where each value comes from: <c>default</c>, <c>task recipe</c>, <c>method overlay</c>, <c>configuration</c>, <c>builder</c>, <c>grid</c> or <c>model</c> (a limit of
    /// the model). Keys are paths such as <c>Training:LearningRate</c>, <c>Lora:Rank</c> and <c>Methods:lisa:Rho</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string> Origins { get; init; } = new Dictionary<string, string>();

    /// <summary>The same up to one of its parts: what that part makes is the same whatever comes after it.</summary>
    internal FinetuneExperimentConfig UpTo(MethodPartConfig last)
    {
        MethodPartConfig[] kept = [.. Parts.TakeWhile(p => p.Method != last.Method), last];
        return this with
        {
            Method = string.Join('+', kept.Select(p => p.Method)),
            Parts = kept,
            Origins = Origins.Where(o => !Parts.Except(kept).Any(p => o.Key.StartsWith($"Methods:{p.Method}:", StringComparison.Ordinal))).ToDictionary(),
        };
    }
}
