using SafeTuneBed.Reporting;
using SafeTuneBed.Statistics;

namespace SafeTuneBed.Tests.Evaluation;

public sealed class RankStabilityTests
{
    private static readonly MetricDefinition Rate = MetricDefinition.Proportion("rate", 1, Direction.LowerIsBetter);

    [Fact]
    public void Of_SeparatedMethods_IsSure()
    {
        RankStability ranks = RankStability.Of(Rate, [Seeds(40, 42), Seeds(5, 4), Seeds(90, 91)], lowerIsBetter: true);
        Assert.Equal([0, 1, 0], ranks.BestShares);
        Assert.Equal([1, 1, null], ranks.AheadShares);
        Assert.Equal(1, ranks.SeedTau);
    }

    [Fact]
    public void Of_EqualMethods_KnowsNothing()
    {
        RankStability ranks = RankStability.Of(Rate, [Seeds(30, 30), Seeds(30, 30)], lowerIsBetter: true);
        Assert.Equal(0.5, ranks.BestShares[0], 1e-9); // every resample is a tie
        Assert.Equal(0.5, ranks.AheadShares.OfType<double>().Single(), 1e-9);
        Assert.Null(ranks.SeedTau);
        Assert.Equal(1, ranks.BestShares.Sum(), 1e-9);
    }

    [Fact]
    public void Of_OneItemApart_IsAsSureAsThatItemIsDrawn()
    {
        // 100 items; the first method has one hit more, on an item that a resample lacks with probability (1 - 1/100)^100.
        RankStability ranks = RankStability.Of(Rate, [Seeds(31), Seeds(30)], lowerIsBetter: true);
        double drawn = 1 - Math.Pow(0.99, 100);
        Assert.Equal(drawn + ((1 - drawn) / 2), ranks.BestShares[1], 0.03);
        Assert.Equal(ranks.BestShares[1], ranks.AheadShares[1]!.Value, 1e-9);
    }

    [Fact]
    public void Of_SeedsThatDisagree_HaveALowTau() =>
        Assert.Equal(-1, RankStability.Of(Rate, [Seeds(10, 20), Seeds(20, 10)], lowerIsBetter: true).SeedTau);

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
        ReportRow Regime(string dataset, decimal poison, double attack, double accuracy) => new()
        {
            Model = "m", Method = "lora", Dataset = dataset, Task = "t", PoisonRatio = poison,
            Metrics =
            [
                new MetricValue { Key = "a", Value = attack, Direction = Direction.LowerIsBetter, IsHeadline = true },
                new MetricValue { Key = "u", Value = accuracy, Direction = Direction.HigherIsBetter, IsHeadline = true },
            ],
        };
        var report = new GridReport(
            "g", [Regime("t-benign", 0, 0.1, 0.9), Regime("t-low", 0.05m, 0.4, 0.80), Regime("t-high", 0.3m, 0.9, 0.5)],
            new Dictionary<SafeTuneBed.Running.MetricPlace, SafeTuneBed.Running.MetricScores>(), new MetricAggregator(), new Dictionary<string, IReportWriter>());
        IReadOnlyList<string> row = Assert.Single(report.ToWorstCaseTable().Rows);
        Assert.Equal(("t-high", "90.0", "t-low", "40.0"), (row[3], row[4], row[5], row[6]));
    }

    private static IReadOnlyList<IReadOnlyList<SampleScore>> Seeds(params int[] hits) =>
        [.. hits.Select(h => (IReadOnlyList<SampleScore>)[.. Enumerable.Range(0, 100).Select(i => Rate.Score(i < h) with { ItemId = $"{i:000}" })])];
}
