namespace SafeTuneBed.Reporting;

/// <summary>A number of one row for a part of the items, as named values in a fixed order.</summary>
internal static class GroupRecord
{
    /// <summary>The names.</summary>
    public static IReadOnlyList<string> Names { get; } = ["model", "method", "dataset", "metric", "kind", "part", "value", "lower", "upper", "count", "scored"];

    /// <summary>Every part of every number.</summary>
    public static IEnumerable<IReadOnlyList<KeyValuePair<string, object?>>> All(GridReport report) =>
        from row in report.Rows
        from metric in row.Metrics
        from part in metric.Groups
        let values = new object?[] { row.Model, row.Method, row.Dataset, metric.Key, part.Kind, part.Name, part.Value, part.Lower, part.Upper, part.Count, part.ScoredCount }
        select (IReadOnlyList<KeyValuePair<string, object?>>)[.. Names.Zip(values, KeyValuePair.Create)];
}
