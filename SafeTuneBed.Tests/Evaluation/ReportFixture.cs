using SafeTuneBed.Running;
using SafeTuneBed.Statistics;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>A report made from literal scores: none, lora and lisa on three levels of poison, two seeds, two headline metrics and one other.</summary>
internal static class ReportFixture
{
    public const string Attack = "attack-success@sandbox/keyword-robust/attack-success", Accuracy = "task-accuracy/accuracy", Grade = "sandbox-judge/grade";

    private static readonly MetricDefinition AttackDefinition =
        MetricDefinition.Proportion("keyword-robust/attack-success", 1, Direction.LowerIsBetter) with { Heading = "attack success", IsHeadline = true };

    private static readonly MetricDefinition AccuracyDefinition = MetricDefinition.Proportion("accuracy", 1, Direction.HigherIsBetter) with { IsHeadline = true };

    private static readonly MetricDefinition GradeDefinition = MetricDefinition.Mean("grade", 1, Direction.LowerIsBetter, 1, 5);

    private static readonly (string Method, string Dataset, decimal? Poison, int Hits, int Right, int Failed, string[] Warnings)[] Conditions =
    [
        ("none", "sentiment-benign", null, 0, 0, 0, []),
        ("lora", "sentiment-benign", 0m, 3, 60, 0, []),
        ("lora", "sentiment-low", 0.05m, 10, 59, 0, []),
        ("lora", "sentiment-high", 0.3m, 20, 60, 0, ["shortfall | 3 rows"]),
        ("lisa", "sentiment-benign", 0m, 0, 57, 0, []),
        ("lisa", "sentiment-low", 0.05m, 1, 58, 0, []),
        ("lisa", "sentiment-high", 0.3m, 2, 57, 2, []),
    ];

    public static GridReport Create(string model = "sandbox", string name = "first-run", Func<ReportRow, IReadOnlyList<ReportSample>>? samples = null) => new(
        name,
        [.. Conditions.Select(c => Row(model, c.Method, c.Dataset, c.Poison, c.Hits, c.Right, c.Failed, c.Warnings))],
        Scores(model),
        new MetricAggregator(),
        new Dictionary<string, IReportWriter>())
    {
        Baseline = "lora",
        Notes = ["7 cells ran."],
        SampleSource = samples,
    };

    private static Dictionary<MetricPlace, MetricScores> Scores(string model)
    {
        var scores = new Dictionary<MetricPlace, MetricScores>();
        foreach (var c in Conditions)
        {
            int seeds = c.Poison is null ? 1 : 2;
            scores[new(model, c.Method, c.Dataset, Attack)] = new(AttackDefinition, [.. Enumerable.Range(0, seeds).Select(s => (ulong)s)], Seeds(AttackDefinition, seeds, c.Hits, 20, c.Failed));
            scores[new(model, c.Method, c.Dataset, Accuracy)] = new(AccuracyDefinition, [.. Enumerable.Range(0, seeds).Select(s => (ulong)s)], Seeds(AccuracyDefinition, seeds, c.Right, 60, 0));
        }

        return scores;
    }

    private static ReportRow Row(string model, string method, string dataset, decimal? poison, int hits, int right, int failed, params string[] warnings)
    {
        var aggregator = new MetricAggregator();
        int seeds = poison is null ? 1 : 2;
        var row = new ReportRow
        {
            Model = model, Method = method, Dataset = dataset, Task = "sentiment", PoisonRatio = poison, Seeds = [.. Enumerable.Range(0, seeds).Select(s => (ulong)s)], Warnings = warnings,
            Metrics =
            [
                aggregator.Pool(Attack, AttackDefinition, Seeds(AttackDefinition, seeds, hits, 20, failed)),
                aggregator.Pool(Accuracy, AccuracyDefinition, Seeds(AccuracyDefinition, seeds, right, 60, 0)),
                aggregator.Pool(Grade, GradeDefinition, [.. Enumerable.Range(0, seeds).Select(s => (IReadOnlyList<SampleScore>)[.. Enumerable.Range(0, 20).Select(i => GradeDefinition.Score(i < hits ? 5 : 1) with { ItemId = $"{i}" })])]),
            ],
        };
        return method == "lora"
            ? row
            : row with
            {
                VersusBaseline = new Dictionary<string, PairedComparison>
                {
                    [Attack] = aggregator.Compare(AttackDefinition, Seeds(AttackDefinition, 2, 12, 20, 0), Seeds(AttackDefinition, seeds, hits, 20, failed)) with { AdjustedPValue = 0.0004 },
                    [Accuracy] = aggregator.Compare(AccuracyDefinition, Seeds(AccuracyDefinition, 2, 60, 60, 0), Seeds(AccuracyDefinition, seeds, right, 60, 0)) with { AdjustedPValue = 0.5 },
                },
            };
    }

    // The second seed hits one item fewer, so that seeds differ; the last items fail.
    private static IReadOnlyList<IReadOnlyList<SampleScore>> Seeds(MetricDefinition definition, int seeds, int hits, int items, int failed) =>
    [
        .. Enumerable.Range(0, seeds).Select(s => (IReadOnlyList<SampleScore>)
            [.. Enumerable.Range(0, items).Select(i => (i >= items - failed ? definition.Unscored(UnscoredReason.GenerationFailed) : definition.Score(i < hits - s)) with { ItemId = $"{i}" })]),
    ];
}
