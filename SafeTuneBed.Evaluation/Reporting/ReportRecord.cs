using System.Globalization;

namespace SafeTuneBed.Reporting;

/// <summary>One metric of one row with everything known of it, as named values in a fixed order: a line of CSV or JSON.</summary>
internal static class ReportRecord
{
    /// <summary>The version of the names and their meanings; raised when one is taken away or changes, not when one is added at the end.</summary>
    public const int SchemaVersion = 1;

    /// <summary>Every row and metric of a report; values are strings, numbers, booleans, maps of strings or null.</summary>
    public static IEnumerable<IReadOnlyList<KeyValuePair<string, object?>>> All(GridReport report) =>
        from row in report.Rows
        from metric in row.Metrics
        select Create(report, row, metric);

    /// <summary>The names, also where a report has no line.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Create("", null, new ReportRow { Model = "", Method = "", Dataset = "", Task = "" }, new MetricValue { Key = "" }, null).Select(f => f.Key)];

    private static IReadOnlyList<KeyValuePair<string, object?>> Create(GridReport report, ReportRow row, MetricValue metric)
    {
        PairedComparison? comparison = row.VersusBaseline.GetValueOrDefault(metric.Key);
        return Create(report.Name, comparison is null ? null : report.Baseline, row, metric, comparison);
    }

    private static KeyValuePair<string, object?>[] Create(string grid, string? baseline, ReportRow row, MetricValue metric, PairedComparison? comparison)
    {
        PairedComparison? control = row.VersusControl.GetValueOrDefault(metric.Key);
        return
        [
            new("schema_version", SchemaVersion),
            new("grid", grid),
            new("model", row.Model),
            new("method", row.Method),
            new("dataset", row.Dataset),
            new("task", row.Task),
            new("poison_ratio", row.PoisonRatio),
            new("seeds", string.Join(';', row.Seeds.Select(s => s.ToString(CultureInfo.InvariantCulture)))),
            new("metric", metric.Key),
            new("heading", metric.Heading),
            new("headline", metric.IsHeadline),
            new("kind", metric.Kind.ToString()),
            new("direction", metric.Direction.ToString()),
            new("definition_version", metric.DefinitionVersion),
            new("value", metric.Value),
            new("lower", metric.Lower),
            new("upper", metric.Upper),
            new("interval_method", metric.IntervalMethod),
            new("count", metric.Count),
            new("scored", metric.ScoredCount),
            new("unscored", metric.UnscoredCount),
            new("unscored_by_reason", string.Join(';', metric.Unscored.OrderBy(u => u.Key).Select(u => string.Create(CultureInfo.InvariantCulture, $"{u.Key}={u.Value}")))),
            new("incomplete", metric.IsIncomplete),
            new("lowest", metric.Lowest),
            new("highest", metric.Highest),
            new("seed_values", string.Join(';', metric.SeedValues.Select(v => v?.ToString("R", CultureInfo.InvariantCulture) ?? ""))),
            new("baseline", baseline),
            new("difference", comparison?.Difference),
            new("difference_lower", comparison?.Lower),
            new("difference_upper", comparison?.Upper),
            new("p_value", comparison?.PValue),
            new("p_adjusted", comparison?.AdjustedPValue),
            new("test", comparison?.Test),
            new("pairs", comparison?.Pairs),
            new("pairs_dropped", comparison?.PairsDropped),
            new("only_row", comparison?.CandidateOnly),
            new("only_baseline", comparison?.BaselineOnly),
            new("seeds_compared", comparison?.Seeds),
            new("seeds_in_direction", comparison?.SeedsInDirection),
            new("warnings", string.Join(" | ", row.Warnings)),
            new("description", metric.Description),
            new("settings", row.Settings),
            new("control", control is null ? null : row.Control),
            new("control_difference", control?.Difference),
            new("control_lower", control?.Lower),
            new("control_upper", control?.Upper),
            new("control_p_value", control?.PValue),
            new("control_p_adjusted", control?.AdjustedPValue),
            new("control_test", control?.Test),
            new("control_seeds_in_direction", control?.SeedsInDirection),
            new("standing", row.Standings.TryGetValue(metric.Key, out Standing standing) ? standing.ToString() : null),
        ];
    }
}
