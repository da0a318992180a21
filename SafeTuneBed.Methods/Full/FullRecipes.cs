namespace SafeTuneBed.Methods.Full;

/// <summary>Settings that suit all weights where a task's recipe is made for adapters.</summary>
internal static class FullRecipes
{
    /// <summary>
    /// On the real tasks those of Qi et al. (arXiv 2310.03693) for benign data, 2e-5 constant without decay, for the
    /// task's own number of epochs; on the sandbox a tenth of the adapters' learning rate.
    /// </summary>
    public static IReadOnlyList<ExperimentOverlay> All { get; } =
    [
        new ExperimentOverlay("full")
        {
            Datasets = ["alpaca", "dolly", "sst2", "agnews", "gsm8k", "samsum", "sqlgen"],
            Training = new TrainingOptions
            {
                LearningRate = 2e-5,
                Schedule = LearningRateSchedule.Constant,
                WeightDecay = 0,
                WarmupRatio = 0,
            },
        },
        new ExperimentOverlay("full")
        {
            Datasets = SandboxRecipes.Tasks,
            Training = new TrainingOptions { LearningRate = 2e-4 },
        },
    ];
}
