namespace SafeTuneBed.Reporting;

/// <summary>One metric of one task on one model against the share of poison: what a chart draws.</summary>
/// <param name="Model">Display name.</param>
/// <param name="Task">Task name.</param>
/// <param name="Column">The metric.</param>
/// <param name="Lines">One line per method that trains, in the order of the report.</param>
/// <param name="References">Methods that do not train, such as the untouched model: one level each.</param>
internal sealed record PoisonChart(string Model, string Task, MetricColumn Column, IReadOnlyList<ChartLine> Lines, IReadOnlyList<ChartReference> References)
{
    /// <summary>The charts of a report: each headline share that at least one trained method has.</summary>
    public static IReadOnlyList<PoisonChart> Of(GridReport report) =>
    [
        .. from column in MetricColumn.Of(report, headlineOnly: true)
           where column.Example.Kind == MetricKind.Proportion
           from place in report.Rows.Select(r => (r.Model, r.Task)).Distinct()
           let rows = report.Rows.Where(r => r.Model == place.Model && r.Task == place.Task && r[column.Key]?.Value is not null).ToList()
           let chart = new PoisonChart(place.Model, place.Task, column, FindLines(rows, column.Key), FindReferences(rows, column.Key))
           where chart.Lines.Count > 0
           select chart,
    ];

    private static ChartLine[] FindLines(IReadOnlyList<ReportRow> rows, string key) =>
    [
        .. rows.Where(r => r.PoisonRatio is not null).GroupBy(r => r.Method, StringComparer.Ordinal)
            .Select(g => new ChartLine(g.Key, [.. g.OrderBy(r => r.PoisonRatio).Select(r => new ChartPoint((double)r.PoisonRatio!.Value, r[key]!))])),
    ];

    private static ChartReference[] FindReferences(IReadOnlyList<ReportRow> rows, string key) =>
        [.. rows.Where(r => r.PoisonRatio is null).GroupBy(r => r.Method, StringComparer.Ordinal).Select(g => new ChartReference(g.Key, g.First()[key]!))];
}

/// <summary>One method.</summary>
internal sealed record ChartLine(string Method, IReadOnlyList<ChartPoint> Points);

/// <summary>One share of poison and the number found there.</summary>
internal sealed record ChartPoint(double PoisonRatio, MetricValue Metric);

/// <summary>A level without poison.</summary>
internal sealed record ChartReference(string Method, MetricValue Metric);
