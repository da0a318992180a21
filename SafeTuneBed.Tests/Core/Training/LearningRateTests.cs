using SafeTuneBed.Training;

namespace SafeTuneBed.Tests.Core.Training;

public sealed class LearningRateTests
{
    // 10 steps, 2 of warm-up: values from the closed forms of transformers' get_*_schedule_with_warmup.
    [Theory]
    [InlineData(LearningRateSchedule.Constant, 0, 0.0)]
    [InlineData(LearningRateSchedule.Constant, 1, 0.5)]
    [InlineData(LearningRateSchedule.Constant, 9, 1.0)]
    [InlineData(LearningRateSchedule.Linear, 1, 0.5)]
    [InlineData(LearningRateSchedule.Linear, 2, 1.0)]
    [InlineData(LearningRateSchedule.Linear, 6, 0.5)]
    [InlineData(LearningRateSchedule.Linear, 9, 0.125)]
    [InlineData(LearningRateSchedule.Cosine, 2, 1.0)]
    [InlineData(LearningRateSchedule.Cosine, 4, 0.8535533905932737)]
    [InlineData(LearningRateSchedule.Cosine, 6, 0.5)]
    [InlineData(LearningRateSchedule.Cosine, 8, 0.14644660940672627)]
    public void Factor_TenStepsTwoWarm_EqualsClosedForm(LearningRateSchedule schedule, int step, double expected) =>
        Assert.Equal(expected, LearningRate.Factor(schedule, step, 10, 2), 12);

    [Theory]
    [InlineData(LearningRateSchedule.Linear)]
    [InlineData(LearningRateSchedule.Cosine)]
    public void Factor_NoWarmUp_BeginsAtThePeakAndNeverRises(LearningRateSchedule schedule)
    {
        double[] factors = [.. Enumerable.Range(0, 50).Select(i => LearningRate.Factor(schedule, i, 50, 0))];
        Assert.Equal(1, factors[0]);
        Assert.All(factors.Zip(factors.Skip(1)), pair => Assert.True(pair.First > pair.Second));
    }

    [Theory]
    [InlineData(100, 10, 1, 3.0, 30)]
    [InlineData(101, 10, 1, 1.0, 11)]
    [InlineData(101, 10, 4, 1.0, 3)]
    [InlineData(10, 32, 1, 2.0, 2)]
    public void TotalSteps_FromEpochs_CountsTheShortBatchAndWindow(int rows, int batch, int accumulation, double epochs, int expected) =>
        Assert.Equal(expected, new TrainingConfig { BatchSize = batch, AccumulationSteps = accumulation, Epochs = epochs }.TotalSteps(rows));

    [Fact]
    public void TotalWarmupSteps_Ratio_RoundsUp() => Assert.Equal(2, new TrainingConfig { WarmupRatio = 0.3 }.TotalWarmupSteps(5));
}
