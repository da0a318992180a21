namespace SafeTuneBed.Methods;

/// <summary>
/// What several methods set on the tasks of the sandbox, whose model is tiny and whose runs are to take seconds.
/// </summary>
internal static class SandboxRecipes
{
    /// <summary>The sandbox's tasks.</summary>
    public static IReadOnlyList<string> Tasks { get; } =
        [
            "sandbox-sentiment", "sandbox-topic", "sandbox-arithmetic",
            "sandbox-dialogue", "sandbox-sql", "sandbox-instruct",
        ];

    /// <summary>
    /// One layer in SafeLoRA and its control: of the sandbox's six adapters about the share that the authors' 10 is of
    /// the 64 of a model of 32 blocks.
    /// </summary>
    public static ExperimentOverlay OneLayer(string method) => new(method)
    {
        Datasets = Tasks,
        Options = new Dictionary<string, object?> { [nameof(SafeLora.ProjectionOptions.Number)] = 1 },
    };

    /// <summary>
    /// A short stage of alignment: two passes over the sandbox's 1,000 rows, with the settings of the reference runs in
    /// its documentation. A paper's 20 to 50 passes are 2,000 to 10,000 steps.
    /// </summary>
    public static ExperimentOverlay ShortAlignment(string method) => new(method)
    {
        Datasets = Tasks,
        Training = new TrainingOptions { BatchSize = 10, Steps = 200, LearningRate = 1e-3 },
    };
}
