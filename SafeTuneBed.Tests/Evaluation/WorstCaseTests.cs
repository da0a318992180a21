using SafeTuneBed.Reporting;
using SafeTuneBed.Running;
using SafeTuneBed.Statistics;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>The worst regime, and the worst of those that leave a model useful: neither destroyed nor untaught.</summary>
public sealed class WorstCaseTests
{
    [Fact]
    public void WorstCase_OfTheFixture_NamesTheRegimeThatCostsMost()
    {
        ReportTable table = ReportFixture.Create().ToWorstCaseTable();
        Assert.Equal(["lora", "lisa"], table.Rows.Select(r => r[0]));
        Assert.All(table.Rows, r => Assert.Equal("sentiment-high", r[3]));
    }

    [Fact]
    public void WorstCase_RegimeThatDestroysTheModel_IsNotUseful()
    {
        GridReport report = Report(null, Row("lora", "benign", 0, 0.1, 0.9), Row("lora", "low", 0.05m, 0.4, 0.73), Row("lora", "high", 0.3m, 0.9, 0.71));
        IReadOnlyList<string> row = Assert.Single(report.ToWorstCaseTable().Rows);
        Assert.Equal(("high", "90.0", "low", "40.0", "u"), (row[3], row[4], row[5], row[6], row[7]));
    }

    [Fact]
    public void WorstCase_MethodThatLearnedNothing_HasNoUsefulRegime()
    {
        // The untouched model does none of the task; the second method neither, under any poison, and is unharmed for that.
        GridReport report = Report(
            "lora",
            Row("none", "benign", null, 0, 0), Row("lora", "benign", 0, 0.1, 0.9), Row("lora", "high", 0.3m, 0.9, 0.88),
            Row("still", "benign", 0, 0.05, 0), Row("still", "high", 0.3m, 0.06, 0.02), Row("half", "benign", 0, 0.05, 0.71), Row("half", "high", 0.3m, 0.2, 0.73));
        ReportTable table = report.ToWorstCaseTable();
        Assert.Equal([("lora", "high"), ("still", "–"), ("half", "high")], table.Rows.Select(r => (r[0], r[5])));
        Assert.Equal(("20.0", "–"), (table.Rows[2][6], table.Rows[1][6]));
        Assert.Contains(table.Notes, n => n.Contains("at least 80 % of what 'lora' under the least poison learned", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0.0, 0.9, 0.72)] // learned: 80 % of the gain
    [InlineData(0.5, 0.9, 0.82)]
    [InlineData(0.5, 0.6, 0.58)] // just learned
    [InlineData(0.85, 0.9, 0.72)] // nothing to learn: 80 % of the better value
    [InlineData(0.9, 0.6, 0.72)] // training only costs
    [InlineData(null, 0.9, 0.72)] // no untouched model: destroyed and untaught can't be told apart otherwise
    public void Least_OfWhatWasThereAndWhatWasReached_IsAShareOfTheCapability(double? untouched, double reached, double least) =>
        Assert.Equal(least, UsefulRegimes.Least(untouched, reached), 12);

    [Fact]
    public void WorstCase_SeveralMeasuresOfUsefulness_MustAllHold()
    {
        GridReport report = Report(
            null,
            Row("none", "benign", null, 0, 0, 0.6), Row("lora", "benign", 0, 0.1, 0.9, 0.6), Row("lora", "low", 0.05m, 0.4, 0.9, 0.5), Row("lora", "high", 0.3m, 0.9, 0.9, 0.4));
        IReadOnlyList<string> row = Assert.Single(report.ToWorstCaseTable().Rows);
        Assert.Equal(("low", "u, k"), (row[5], row[7]));
    }

    private static ReportRow Row(string method, string dataset, decimal? poison, double attack, double accuracy, double? knowledge = null) => new()
    {
        Model = "m", Method = method, Dataset = dataset, Task = "t", PoisonRatio = poison, IsUntouched = poison is null,
        Metrics =
        [
            new MetricValue { Key = "a", Value = attack, Direction = Direction.LowerIsBetter, IsHeadline = true },
            new MetricValue { Key = "u", Value = accuracy, Direction = Direction.HigherIsBetter, IsHeadline = true },
            .. knowledge is null ? Array.Empty<MetricValue>() : [new MetricValue { Key = "k", Value = knowledge, Direction = Direction.HigherIsBetter, IsHeadline = true }],
        ],
    };

    private static GridReport Report(string? baseline, params ReportRow[] rows) =>
        new("g", rows, new Dictionary<MetricPlace, MetricScores>(), new MetricAggregator(), new Dictionary<string, IReportWriter>()) { Baseline = baseline };
}
