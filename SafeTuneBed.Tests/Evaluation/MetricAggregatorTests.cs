using SafeTuneBed.Statistics;

namespace SafeTuneBed.Tests.Evaluation;

public sealed class MetricAggregatorTests
{
    private static readonly MetricDefinition Share = MetricDefinition.Proportion("attack-success", version: 3, Direction.LowerIsBetter) with { IsHeadline = true };
    private static readonly MetricDefinition Grade = MetricDefinition.Mean("grade", version: 1, Direction.LowerIsBetter, 1, 5);
    private readonly MetricAggregator aggregator = new();

    [Fact]
    public void Aggregate_Share_HasWilsonAndCountsEverything()
    {
        MetricValue value = aggregator.Aggregate("asr/attack-success", Share, Scores(Share, Ones(96, 520)));
        Assert.Equal(96 / 520.0, value.Value);
        Assert.Equal(.153623, value.Lower!.Value, 6e-7);
        Assert.Equal(.220233, value.Upper!.Value, 6e-7);
        Assert.Equal(("asr/attack-success", "wilson", 520, 0, 1, 3), (value.Key, value.IntervalMethod, value.Count, value.UnscoredCount, value.Seeds, value.DefinitionVersion));
        Assert.Equal((MetricKind.Proportion, Direction.LowerIsBetter, true, "attack success"), (value.Kind, value.Direction, value.IsHeadline, value.Heading));
        Assert.Equal([96 / 520.0], value.SeedValues);
    }

    [Fact]
    public void Aggregate_UnscoredItems_AreCountedBoundedAndNeverImputed()
    {
        // 96 of 500 scored, 20 without a score: 19.2 %, whatever they were between 18.46 and 22.31 %.
        double?[] values = [.. Ones(96, 500), .. Enumerable.Repeat<double?>(null, 20)];
        MetricValue value = aggregator.Aggregate("k", Share, Scores(Share, values));
        Assert.Equal(0.192, value.Value!.Value, 12);
        Assert.Equal(.159876, value.Lower!.Value, 6e-7);
        Assert.Equal(.228820, value.Upper!.Value, 6e-7);
        Assert.Equal((520, 500, 20), (value.Count, value.ScoredCount, value.UnscoredCount));
        Assert.Equal(20, value.Unscored[UnscoredReason.GenerationFailed]);
        Assert.Equal(0.1846, value.Lowest!.Value, 5e-5);
        Assert.Equal(0.2231, value.Highest!.Value, 5e-5);
        Assert.True(value.IsIncomplete);
    }

    [Fact]
    public void Aggregate_TwoPercentUnscored_IsStillComplete()
    {
        Assert.False(aggregator.Aggregate("k", Share, Scores(Share, [.. Ones(1, 49), null])).IsIncomplete);
        Assert.True(aggregator.Aggregate("k", Share, Scores(Share, [.. Ones(1, 48), null])).IsIncomplete);
    }

    [Fact]
    public void Aggregate_NotApplicable_StaysOutOfBoundsAndCompleteness()
    {
        SampleScore[] scores = [.. Scores(Share, Ones(2, 4)), .. Enumerable.Range(0, 4).Select(i => Share.Unscored(UnscoredReason.NotApplicable) with { ItemId = $"n{i}" })];
        MetricValue value = aggregator.Aggregate("k", Share, scores);
        Assert.Equal((0.5, 0.5, 0.5, false, 8, 4), (value.Value, value.Lowest, value.Highest, value.IsIncomplete, value.Count, value.UnscoredCount));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Aggregate_NothingScored_HasNoValueAndNoNumberThatIsNone(int unscored)
    {
        foreach (MetricDefinition definition in new[] { Share, Grade })
        {
            MetricValue value = aggregator.Aggregate("k", definition, Scores(definition, [.. Enumerable.Repeat<double?>(null, unscored)]));
            Assert.Null(value.Value);
            Assert.Null(value.Lower);
            Assert.Null(value.Upper);
            Assert.Null(value.IntervalMethod);
            Assert.Equal((unscored, unscored), (value.Count, value.UnscoredCount));
        }
    }

    [Fact]
    public void Aggregate_Mean_HasBootstrapWithinTheScale()
    {
        MetricValue value = aggregator.Aggregate("k", Grade, Scores(Grade, [1, 2, 3, 5, 5, 1, 1, 2, 4, 1]));
        Assert.Equal((2.5, "bca-bootstrap"), (value.Value, value.IntervalMethod));
        Assert.InRange(value.Lower!.Value, 1.4, 1.8);
        Assert.InRange(value.Upper!.Value, 3.3, 3.8);
    }

    [Fact]
    public void Aggregate_UnscoredGrades_AreBoundedByTheEndsOfTheScale()
    {
        MetricValue value = aggregator.Aggregate("k", Grade, Scores(Grade, [2, 4, null, null]));
        Assert.Equal((3.0, 2.0, 4.0), (value.Value, value.Lowest, value.Highest));
    }

    [Fact]
    public void Aggregate_AllGradesEqual_StillAllowsForOthers()
    {
        MetricValue value = aggregator.Aggregate("k", Grade, Scores(Grade, [.. Enumerable.Repeat<double?>(1, 144)]));
        double share = Intervals.Wilson(0, 144).Upper;
        Assert.Equal((1.0, 1.0, "constant-bound"), (value.Value, value.Lower, value.IntervalMethod));
        Assert.Equal(1 + (4 * share), value.Upper!.Value, 12);
    }

    [Fact]
    public void Aggregate_ItemsInAnotherOrder_GivesTheSameNumber()
    {
        SampleScore[] scores = Scores(Grade, [1, 2, 3, 5, 5, 1, 1, 2, 4, 1]);
        Assert.Equivalent(aggregator.Aggregate("k", Grade, scores), aggregator.Aggregate("k", Grade, [.. scores.Reverse()]), strict: true);
    }

    [Fact]
    public void Pool_OneSeed_EqualsSingleCell() =>
        Assert.Equivalent(aggregator.Aggregate("k", Share, Scores(Share, Ones(5, 10))), aggregator.Pool("k", Share, [Scores(Share, Ones(5, 10))]), strict: true);

    [Fact]
    public void Pool_SeveralSeeds_AveragesSeedsAndShowsEach()
    {
        MetricValue value = aggregator.Pool("k", Share, [Scores(Share, Ones(2, 10)), Scores(Share, Ones(8, 10)), Scores(Share, [1, 1, null, null, null, null, null, null, null, null])]);
        Assert.Equal([0.2, 0.8, 1.0], value.SeedValues);
        Assert.Equal(2.0 / 3, value.Value!.Value, 12);
        Assert.Equal((3, 30, 8, "hierarchical-bootstrap"), (value.Seeds, value.Count, value.UnscoredCount, value.IntervalMethod));
        Assert.True(value.Lower < 0.4 && value.Upper > 0.8);
    }

    [Fact]
    public void Pool_NoHitInAnySeed_HasTheWidthOfOneSetOfItems()
    {
        SampleScore[] none = Scores(Share, Ones(0, 144));
        MetricValue value = aggregator.Pool("k", Share, [none, none, none]);
        Assert.Equal((0.0, 0.0, "wilson"), (value.Value, value.Lower, value.IntervalMethod));
        Assert.Equal(Intervals.Wilson(0, 144).Upper, value.Upper!.Value, 12);

        SampleScore[] all = Scores(Share, Ones(144, 144));
        value = aggregator.Pool("k", Share, [all, all, all]);
        Assert.Equal((1.0, 1.0), (value.Value, value.Upper));
        Assert.Equal(Intervals.Wilson(144, 144).Lower, value.Lower!.Value, 12);
    }

    [Fact]
    public void Pool_SeedWithoutResult_IsShownAsMissing()
    {
        MetricValue value = aggregator.Pool("k", Share, [Scores(Share, Ones(5, 10)), []]);
        Assert.Equal([0.5, null], value.SeedValues);
        Assert.Equal((0.5, "wilson", 10), (value.Value, value.IntervalMethod, value.Count));
    }

    [Fact]
    public void Pool_DifferentItems_IsRefused() => Assert.Throws<SafeTuneBedException>(
        () => aggregator.Pool("k", Share, [Scores(Share, Ones(1, 3)), [.. Scores(Share, Ones(1, 3)).Select(s => s with { ItemId = "other-" + s.ItemId })]]));

    [Fact]
    public void Compare_Shares_IsMcNemarOnPairsOfAllSeeds()
    {
        // Both 76, candidate only 40, baseline only 20, neither 384, spread over two seeds of 260 items.
        double?[] candidate = [.. Ones(116, 520)], baseline = [.. Ones(76, 116), .. Ones(20, 404)];
        PairedComparison comparison = aggregator.Compare(Share, Halves(baseline), Halves(candidate));
        Assert.Equal((520, 40, 20, 0, "mcnemar-mid-p", 2), (comparison.Pairs, comparison.CandidateOnly, comparison.BaselineOnly, comparison.PairsDropped, comparison.Test, comparison.Seeds));
        Assert.Equal(.038462, comparison.Difference!.Value, 6e-7);
        Assert.Equal(.009170, comparison.Lower!.Value, 6e-7);
        Assert.Equal(.068100, comparison.Upper!.Value, 6e-7);
        Assert.Equal(.009853, comparison.PValue!.Value, 6e-7);
        Assert.Null(comparison.AdjustedPValue);
    }

    [Fact]
    public void Compare_SeedsThatDisagree_CountsThoseInTheDirection()
    {
        SampleScore[] low = Scores(Share, Ones(2, 10)), high = Scores(Share, Ones(6, 10));
        PairedComparison comparison = aggregator.Compare(Share, [low, low, high], [high, high, low]);
        Assert.Equal((3, 2), (comparison.Seeds, comparison.SeedsInDirection));
    }

    [Fact]
    public void Compare_ItemsInAnotherOrder_PairsById()
    {
        SampleScore[] scores = Scores(Share, Ones(3, 10));
        PairedComparison comparison = aggregator.Compare(Share, [scores], [[.. scores.Reverse()]]);
        Assert.Equal((0.0, 0, 0, 1.0, 0), (comparison.Difference, comparison.CandidateOnly, comparison.BaselineOnly, comparison.PValue, comparison.SeedsInDirection));
    }

    [Fact]
    public void Compare_UnscoredSide_DropsThePairAndCountsIt()
    {
        PairedComparison comparison = aggregator.Compare(Share, [Scores(Share, [1, 1, null, 0])], [Scores(Share, [0, null, 1, 1])]);
        Assert.Equal((2, 2, 1, 1, 0.0), (comparison.Pairs, comparison.PairsDropped, comparison.CandidateOnly, comparison.BaselineOnly, comparison.Difference));
    }

    [Fact]
    public void Compare_NothingToPair_HasNoNumbers()
    {
        PairedComparison comparison = aggregator.Compare(Share, [Scores(Share, [null, 1])], [Scores(Share, [1, null])]);
        Assert.Equal((null, null, null, null), (comparison.Difference, comparison.Lower, comparison.Upper, comparison.PValue));
        Assert.Equal((0, 2), (comparison.Pairs, comparison.PairsDropped));
    }

    [Fact]
    public void Compare_DifferentItems_IsRefusedByName()
    {
        SampleScore[] scores = Scores(Share, Ones(1, 3));
        var fault = Assert.Throws<SafeTuneBedException>(() => aggregator.Compare(Share, [scores], [[.. scores[..2], scores[2] with { ItemId = "stranger" }]]));
        Assert.Contains("item-2", fault.Message, StringComparison.Ordinal);
        Assert.Throws<SafeTuneBedException>(() => aggregator.Compare(Share, [scores], [scores[..2]]));
    }

    [Fact]
    public void Compare_OneListAgainstSeveralSeeds_StandsBesideEach()
    {
        PairedComparison comparison = aggregator.Compare(Share, [Scores(Share, Ones(0, 10))], [Scores(Share, Ones(4, 10)), Scores(Share, Ones(6, 10))]);
        Assert.Equal((20, 10, 0, 0.5, 2), (comparison.Pairs, comparison.CandidateOnly, comparison.BaselineOnly, comparison.Difference, comparison.SeedsInDirection));
        SampleScore[] one = Scores(Share, Ones(1, 3));
        Assert.Throws<SafeTuneBedException>(() => aggregator.Compare(Share, [one, one], [one, one, one]));
    }

    [Fact]
    public void Compare_Grades_IsSignFlipOverItems()
    {
        // Differences 3, 3, 0, 4, 3, 1, 0, 3, 2, 1 (of one seed, and of two seeds that agree).
        SampleScore[] baseline = Scores(Grade, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]), candidate = Scores(Grade, [4, 4, 1, 5, 4, 2, 1, 4, 3, 2]);
        foreach (int seeds in new[] { 1, 2 })
        {
            PairedComparison comparison = aggregator.Compare(Grade, [.. Enumerable.Repeat(baseline, seeds)], [.. Enumerable.Repeat(candidate, seeds)]);
            Assert.Equal(("sign-flip", 10 * seeds), (comparison.Test, comparison.Pairs));
            Assert.Equal(2, comparison.Difference!.Value, 12);
            Assert.Equal(.0078125, comparison.PValue!.Value, 12);
            Assert.InRange(comparison.Lower!.Value, 0.9, 1.5);
            Assert.InRange(comparison.Upper!.Value, 2.4, 3);
        }
    }

    [Fact]
    public void Adjust_Family_IsHolmAndLeavesMissingOut()
    {
        PairedComparison[] family = [.. new double?[] { .01, .04, null, .03, .005 }.Select(p => new PairedComparison { PValue = p })];
        double?[] adjusted = [.. aggregator.Adjust(family).Select(c => c.AdjustedPValue)];
        Assert.Null(adjusted[2]);
        Assert.Equal([.03, .06, .06, .02], adjusted.OfType<double>().Select(p => Math.Round(p, 12)));
    }

    private static SampleScore[][] Halves(double?[] values) => [Scores(Share, values[..260]), Scores(Share, values[260..])];

    private static double?[] Ones(int ones, int all) => [.. Enumerable.Range(0, all).Select(i => (double?)(i < ones ? 1 : 0))];

    private static SampleScore[] Scores(MetricDefinition definition, double?[] values) =>
    [
        .. values.Select((v, i) => (v is { } value ? definition.Score(value) : definition.Unscored(UnscoredReason.GenerationFailed)) with { ItemId = $"item-{i}" }),
    ];
}
