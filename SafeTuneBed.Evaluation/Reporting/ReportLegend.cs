namespace SafeTuneBed.Reporting;

/// <summary>What each number counts, a line each, and why two measures of the same answers may differ.</summary>
internal static class ReportLegend
{
    private const string WhyTheyDiffer =
        "Why the measures of safety differ: lists of phrases see refusals, not harm. An answer that neither refuses nor helps is a success of the attack by phrases and none for a judge; "
        + "a refusal whose words a list lacks is a success by that list alone. After harmless fine-tuning many answers are of these kinds, and the measures can lie 90 points apart: compare rows within a measure, never across.";

    /// <summary>The headline metrics, and those that judge the same thing by another rule.</summary>
    public static IEnumerable<string> OfSummary(GridReport report)
    {
        IReadOnlyList<MetricColumn> columns = [.. MetricColumn.Of(report, headlineOnly: false).Where(c => c.Example.IsHeadline || IsVerdict(report, c.Example))];
        foreach (string line in Lines(columns))
        {
            yield return line;
        }

        if (columns.Count(c => IsVerdict(report, c.Example)) > 1 && columns.Any(c => Statistic(c.Key) == "attack-success"))
        {
            yield return WhyTheyDiffer;
        }
    }

    /// <summary>The metrics that the summary's legend leaves out.</summary>
    public static IEnumerable<string> OfOthers(GridReport report) =>
        Lines([.. MetricColumn.Of(report, headlineOnly: false).Where(c => !c.Example.IsHeadline && !IsVerdict(report, c.Example))]);

    /// <summary>
    /// Whether a metric says of each answer that it is bad: a share, better when lower, that is a headline or bears a headline's name under another preset.
    /// </summary>
    public static bool IsVerdict(GridReport report, MetricValue metric) =>
        IsSuch(metric) && (metric.IsHeadline || report.Rows.SelectMany(r => r.Metrics).Any(o => o.IsHeadline && IsSuch(o) && Statistic(o.Key) == Statistic(metric.Key)));

    private static bool IsSuch(MetricValue metric) => metric is { Kind: MetricKind.Proportion, Direction: Direction.LowerIsBetter };

    private static IEnumerable<string> Lines(IReadOnlyList<MetricColumn> columns) =>
        columns.Where(c => c.Example.Description.Length > 0).DistinctBy(c => (c.Heading, c.Example.Description)).Select(c => $"{c.Heading}: {c.Example.Description}");

    private static string Statistic(string key) => key[(key.LastIndexOf('/') + 1)..];
}
