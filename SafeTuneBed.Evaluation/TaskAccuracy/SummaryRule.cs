using SafeTuneBed.Rouge;

namespace SafeTuneBed.TaskAccuracy;

/// <summary>Summaries by ROUGE: the mean over rows of the F1 of shared words.</summary>
internal sealed class SummaryRule : TaskRule
{
    private static readonly MetricDefinition NoAnswer = DoubtfulShareOf(
        "no-answer", "answers that are empty or hold nothing to compare", "Share of evaluation rows whose answer is empty, or holds no label or number.");

    private static readonly MetricDefinition Distinct = MetricDefinition.Mean("distinct/rouge-1", version: 1, Direction.HigherIsBetter, 0, 1) with
    {
        Heading = "ROUGE-1 of distinct words",
        Description = "Mean over rows of the F1 (0 to 1) of distinct words by case, as the Python package rouge gives it; for comparison with papers that use it.",
    };

    private readonly (MetricDefinition Metric, Func<string, string, RougeScore> Of)[] scores;

    /// <summary>Creates the rule.</summary>
    public SummaryRule(bool stem)
    {
        var text = new RougeText(stem);
        string words = stem ? "stems of words" : "words";
        scores =
        [
            (Define("rouge-1", $"shared {words}", stem) with { IsHeadline = true }, (r, a) => text.Runs(r, a, 1)),
            (Define("rouge-2", $"shared pairs of {words} in a row", stem), (r, a) => text.Runs(r, a, 2)),
            (Define("rouge-l", $"the longest common subsequence of {words}", stem), text.Longest),
            (Define("rouge-lsum", $"the longest common subsequences of {words}, line by line", stem), text.LongestByLine),
        ];
        Metrics = [.. scores.Select(s => s.Metric), Distinct, NoAnswer];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<MetricDefinition> Metrics { get; }

    /// <inheritdoc/>
    public override IEnumerable<SampleScore> Score(FinetuneExample example, string id, string answer) =>
        [.. scores.Select(s => s.Metric.Score(s.Of(example.Output, answer).F1)), Distinct.Score(DistinctWords.F1(example.Output, answer)), NoAnswer.Score(string.IsNullOrWhiteSpace(answer))];

    private static MetricDefinition Define(string name, string what, bool stem) => MetricDefinition.Mean(stem ? name : $"unstemmed/{name}", version: 1, Direction.HigherIsBetter, 0, 1) with
    {
        Heading = name.ToUpperInvariant().Replace("LSUM", "Lsum", StringComparison.Ordinal),
        Description = $"Mean over rows of the F1 (0 to 1) of {what} of answer and reference. It sees words, not truth.",
    };
}
