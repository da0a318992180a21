using SafeTuneBed.Running;
using SafeTuneBed.Statistics;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>A report of 100 items a row, made from the numbers of hits: a row's hits are its first items, so that rows are nested.</summary>
internal static class ClaimReportFixture
{
    public const string Key = "m/hit", Dataset = "d";
    public const int Items = 100;

    private static readonly MetricDefinition Hit = MetricDefinition.Proportion("hit", 1, Direction.LowerIsBetter);

    /// <summary>A row of the fixture.</summary>
    public static ClaimRow Row(string method) => new(method, Dataset);

    /// <summary>The report; for each method the hits of each seed.</summary>
    public static GridReport Create(params (string Method, int[] Hits)[] rows) => Create(0, rows);

    /// <summary>The same, the last items of each row without a score.</summary>
    public static GridReport Create(int unscored, params (string Method, int[] Hits)[] rows)
    {
        var aggregator = new MetricAggregator();
        var scores = rows.ToDictionary(r => new MetricPlace("model", r.Method, Dataset, Key), r => new MetricScores(Hit, Seeds(r.Hits), Scores(r.Hits, unscored)));
        return new GridReport(
            "claims",
            [.. rows.Select(r => new ReportRow
            {
                Model = "model", Method = r.Method, Dataset = Dataset, Task = Dataset, PoisonRatio = 0, Seeds = Seeds(r.Hits), Metrics = [aggregator.Pool(Key, Hit, Scores(r.Hits, unscored))],
            })],
            scores,
            aggregator,
            new Dictionary<string, IReportWriter>());
    }

    private static ulong[] Seeds(int[] hits) => [.. hits.Select((_, s) => (ulong)s)];

    private static IReadOnlyList<SampleScore>[] Scores(int[] hits, int unscored) =>
    [
        .. hits.Select(h => (IReadOnlyList<SampleScore>)
            [.. Enumerable.Range(0, Items).Select(i => (i >= Items - unscored ? Hit.Unscored(UnscoredReason.GenerationFailed) : Hit.Score(i < h)) with { ItemId = $"{i:000}" })]),
    ];
}
