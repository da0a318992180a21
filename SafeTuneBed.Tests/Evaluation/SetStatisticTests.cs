using SafeTuneBed.Perplexity;
using SafeTuneBed.Statistics;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>Numbers that items have together: weighted means, perplexity, macro-F1, parts; against closed forms.</summary>
public sealed class SetStatisticTests
{
    private static readonly MetricAggregator Aggregator = new();

    [Fact]
    public async Task Perplexity_OfTheReferenceLosses_IsThePublishedOne()
    {
        // losses 2, 1, 3 and 0.5 of four tokens, three words, 20 bytes
        PromptItem[] texts = [new() { Id = "a", Prompt = "twelve bytes" }, new() { Id = "b", Prompt = "8 bytes!".Replace(' ', '_') }];
        var model = new FakeCausalModel { LogProbability = (_, text) => text[0] == 't' ? -3 : -3.5 };
        var evaluator = new PerplexityEvaluator(new());
        EvaluationResult result = await evaluator.EvaluateAsync(new EvaluationContext { EvaluatorName = "p", Model = model, PromptItems = texts }, TestContext.Current.CancellationToken);
        double Value(string name) => Aggregator.Aggregate($"p/{name}", evaluator.Metrics.Single(m => m.Name == name), [.. result.Scores.Where(s => s.Metric == name)]).Value!.Value;
        Assert.Equal(Math.Exp(6.5 / 3), Value("word-perplexity"), 1e-9);
        Assert.Equal(1.384031, Value("byte-perplexity"), 1e-6);
        Assert.Equal(0.468876, Value("bits-per-byte"), 1e-6);
        Assert.All(model.Asked, a => Assert.Equal("", a.Text));

        MetricDefinition token = MetricDefinition.Perplexity("perplexity", 1);
        Assert.Equal(5.078419, Aggregator.Aggregate("p", token, [token.Score(1.5) with { ItemId = "a", Weight = 2 }, token.Score(1.75) with { ItemId = "b", Weight = 2 }]).Value!.Value, 1e-6);
    }

    [Fact]
    public void MacroF1_AbsentClassesAndNoLabel_FollowTheConvention()
    {
        MetricDefinition f1 = MetricDefinition.MacroF1("f1", 1);
        SampleScore[] scores =
        [
            Of(f1, 0, "a", "a"), Of(f1, 1, "a", "a"), Of(f1, 2, "a", "b"), Of(f1, 3, "b", "b"), Of(f1, 4, "b", ""), Of(f1, 5, "c", "a"),
        ];

        // a: 2 of 3 gold, 3 named: F1 2*2/6; b: 1 of 2 gold, 2 named: 2/4; c: 0; the empty class is none
        MetricValue value = Aggregator.Aggregate("f1", f1, scores);
        Assert.Equal(((4 / 6.0) + 0.5 + 0) / 3, value.Value!.Value, 1e-12);
        Assert.Equal("percentile-bootstrap", value.IntervalMethod);
        Assert.True(value.Lower < value.Value && value.Value < value.Upper);
        Assert.Empty(value.Groups);

        SampleScore[] better = [.. scores.Select(s => Of(f1, int.Parse(s.ItemId, System.Globalization.CultureInfo.InvariantCulture), s.Groups!["gold"], s.Groups["gold"]))];
        PairedComparison comparison = Aggregator.Compare(f1, [scores], [better]);
        Assert.Equal(1 - value.Value.Value, comparison.Difference!.Value, 1e-12);
        Assert.Equal(("permutation", 6), (comparison.Test, comparison.Pairs));
        Assert.InRange(comparison.PValue!.Value, 0.05, 0.5); // three changed items: 2 of 8 assignments are as extreme
        Assert.Equal(1, Aggregator.Compare(f1, [scores], [scores]).PValue);
    }

    [Fact]
    public void WeightedMeans_OfSubjects_WeighSubjectsAlikeAndResampleThem()
    {
        MetricDefinition share = MetricDefinition.Proportion("by-subject", 1, Direction.HigherIsBetter) with { ClusterBy = "subject" };
        SampleScore[] scores =
        [
            .. Enumerable.Range(0, 30).SelectMany(s => Enumerable.Range(0, 2 + (s % 3)).Select(i => share.Score(s % 2 == 0) with
            {
                ItemId = $"{s}-{i}", Weight = 1.0 / (2 + (s % 3)), Groups = new Dictionary<string, string> { ["subject"] = $"s{s:00}" },
            })),
        ];
        MetricValue value = Aggregator.Aggregate("k", share, scores);
        Assert.Equal(0.5, value.Value!.Value, 1e-12);
        Assert.Equal("clustered-bootstrap", value.IntervalMethod);
        Assert.Equal(30, value.Groups.Count);
        Assert.Equal((1.0, 2, 2), (value.Groups[0].Value!.Value, value.Groups[0].Count, value.Groups[0].ScoredCount));

        // 30 subjects that are all right or all wrong: half-width about 1.96 * 0.5 / sqrt(30)
        Assert.InRange(value.Upper!.Value - value.Lower!.Value, 0.28, 0.44);
    }

    [Fact]
    public void GroupStandardError_OfTheHarness_IsThePooledOne()
    {
        // pooled sample variance of subjects over the sum of their sizes: 0.03 of 100 and 0.02 of 400
        double pooled = ((99 * 0.03 * 0.03 * 100) + (399 * 0.02 * 0.02 * 400)) / (100 + 400 - 2);
        Assert.Equal(0.017093, Math.Sqrt(pooled / 500), 1e-6);
        Assert.Equal(Math.Sqrt(pooled / 500), Intervals.PooledStandardError([0.03, 0.02], [100, 400]), 1e-12);
    }

    private static SampleScore Of(MetricDefinition f1, int item, string gold, string predicted) => f1.Score(gold == predicted) with
    {
        ItemId = item.ToString(System.Globalization.CultureInfo.InvariantCulture), Groups = new Dictionary<string, string> { ["gold"] = gold, ["predicted"] = predicted },
    };
}
