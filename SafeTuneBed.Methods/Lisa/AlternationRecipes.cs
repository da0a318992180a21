namespace SafeTuneBed.Methods.Lisa;

/// <summary>
/// K1 and K2 per task as SafeTuneBed sets them: about a tenth of an epoch, in steps that stay what they are when the batch or the number of rows is changed. LISA and its
/// control have the same.
/// </summary>
internal static class AlternationRecipes
{
    /// <summary>The overlays of LISA.</summary>
    public static IReadOnlyList<ExperimentOverlay> Lisa { get; } = Of("lisa");

    /// <summary>The overlays of its control.</summary>
    public static IReadOnlyList<ExperimentOverlay> GuideMix { get; } = Of("guide-mix");

    private static ExperimentOverlay[] Of(string method) =>
    [
        Cycle(method, 100, 900, "sst2", "agnews", "gsm8k"),
        Cycle(method, 75, 675, "alpaca"),
        Cycle(method, 45, 405, "dolly"),
        Cycle(method, 10, 90, "samsum", "sqlgen"),
    ];

    private static ExperimentOverlay Cycle(string method, int alignment, int fineTuning, params IReadOnlyList<string> tasks) => new(method)
    {
        Datasets = tasks,
        Options = new Dictionary<string, object?>
        {
            [nameof(AlternationOptions.AlignmentSteps)] = alignment,
            [nameof(AlternationOptions.FineTuningSteps)] = fineTuning,
        },
    };
}
