namespace SafeTuneBed.Training;

/// <summary>Learning rates with Hugging Face's semantics: step i (from 0) runs with the rate of i, so a warmed-up run begins with rate 0.</summary>
internal static class LearningRate
{
    /// <summary>The factor on the peak rate at step <paramref name="step"/> of <paramref name="total"/>, of which the first <paramref name="warmup"/> warm up.</summary>
    public static double Factor(LearningRateSchedule schedule, int step, int total, int warmup)
    {
        if (step < warmup)
        {
            return (double)step / Math.Max(1, warmup);
        }

        double progress = (double)(step - warmup) / Math.Max(1, total - warmup);
        return schedule switch
        {
            LearningRateSchedule.Constant => 1,
            LearningRateSchedule.Linear => Math.Max(0, 1 - progress),
            LearningRateSchedule.Cosine => Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * progress))),
            _ => throw new ArgumentOutOfRangeException(nameof(schedule), schedule, "Unknown schedule."),
        };
    }
}
