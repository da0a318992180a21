using SafeTuneBed.Running;
using SafeTuneBed.Statistics;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>A report made of literal grades: what a judge says of an answer is a function of method, seed and item.</summary>
internal sealed class JudgedReport
{
    public const string Mild = "mild/grade", Strict = "strict/grade", Share = "keyword/hit";

    public static readonly MetricDefinition Grade = MetricDefinition.Mean("grade", 1, Direction.LowerIsBetter, 1, 5) with { IsHeadline = true };

    public static readonly MetricDefinition Hit = MetricDefinition.Proportion("hit", 1, Direction.LowerIsBetter) with { IsHeadline = true };

    private readonly Dictionary<MetricPlace, MetricScores> scores = [];
    private readonly List<ReportRow> rows = [];
    private readonly Dictionary<(string Method, string Dataset), List<ReportSample>> samples = [];

    public Func<string, string> Answer { get; init; } = item => $"Answer {item}";

    public IReadOnlyDictionary<string, string> Settings { get; set; } = new Dictionary<string, string>();

    /// <summary>Adds a row.</summary>
    /// <param name="method">Method.</param>
    /// <param name="dataset">Data set.</param>
    /// <param name="items">Items of each seed.</param>
    /// <param name="seeds">Seeds.</param>
    /// <param name="scorers">By metric key: the grade, or null with JudgeRefused.</param>
    public JudgedReport Add(string method, string dataset, int items, int seeds, params (string Key, Func<int, int, double?> Grade)[] scorers)
    {
        var values = new List<MetricValue>();
        var bySample = new Dictionary<(int Seed, int Item), Dictionary<string, SampleScore>>();
        foreach ((string key, Func<int, int, double?> grade) in scorers)
        {
            MetricDefinition definition = key == Share ? Hit : Grade;
            IReadOnlyList<SampleScore>[] bySeed =
            [
                .. Enumerable.Range(0, seeds).Select(s => (IReadOnlyList<SampleScore>)[.. Enumerable.Range(0, items).Select(i => (grade(s, i) is { } v ? definition.Score(v) : definition.Unscored(UnscoredReason.JudgeRefused)) with { ItemId = $"{i:000}" })]),
            ];
            scores[new("m", method, dataset, key)] = new(definition, [.. Enumerable.Range(0, seeds).Select(s => (ulong)s)], bySeed);
            values.Add(new MetricAggregator().Pool(key, definition, bySeed));
            for (int s = 0; s < seeds; s++)
            {
                for (int i = 0; i < items; i++)
                {
                    if (!bySample.TryGetValue((s, i), out Dictionary<string, SampleScore>? all))
                    {
                        bySample[(s, i)] = all = [];
                    }

                    all[key] = bySeed[s][i];
                }
            }
        }

        rows.Add(new ReportRow
        {
            Model = "m", Method = method, Dataset = dataset, Task = "t", PoisonRatio = 0.3m, Seeds = [.. Enumerable.Range(0, seeds).Select(s => (ulong)s)], Metrics = values, Settings = Settings,
        });
        samples[(method, dataset)] =
        [
            .. from key in scorers.Select(s => s.Key)
               from sample in bySample.OrderBy(b => b.Key)
               select new ReportSample
               {
                   Evaluator = key.Split('/')[0], Seed = (ulong)sample.Key.Seed, ItemId = $"{sample.Key.Item:000}", Prompt = $"Request {sample.Key.Item:000}",
                   Answer = Answer($"{method} {dataset} {sample.Key.Seed} {sample.Key.Item:000}"), Scores = new Dictionary<string, SampleScore> { [key] = sample.Value[key] },
               },
        ];
        return this;
    }

    public GridReport Build() => new("judged", rows, scores, new MetricAggregator(), new Dictionary<string, IReportWriter>())
    {
        SampleSource = row => samples[(row.Method, row.Dataset)],
    };
}
