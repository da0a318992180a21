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

    private static IReadOnlyList<IReadOnlyList<SampleScore>> Seeds(params int[] hits) =>
        [.. hits.Select(h => (IReadOnlyList<SampleScore>)[.. Enumerable.Range(0, 100).Select(i => Rate.Score(i < h) with { ItemId = $"{i:000}" })])];
}
