namespace SafeTuneBed.Reporting;

/// <summary>One metric as a column: its key and the heading that tells it from the others.</summary>
internal sealed record MetricColumn(MetricValue Example, string Heading)
{
    /// <summary>The metric's key.</summary>
    public string Key => Example.Key;

    /// <summary>Heading with unit and direction.</summary>
    public string FullHeading => Heading + ReportFormat.Unit(Example.Kind) + ReportFormat.Arrow(Example.Direction);

    /// <summary>The columns of a report, in the order in which its rows name them.</summary>
    public static IReadOnlyList<MetricColumn> Of(GridReport report, bool headlineOnly)
    {
        MetricValue[] metrics = [.. report.Rows.SelectMany(r => r.Metrics).Where(m => m.IsHeadline || !headlineOnly).DistinctBy(m => m.Key)];
        return [.. metrics.Select(m => new MetricColumn(m, metrics.Count(o => Name(o) == Name(m)) == 1 ? Name(m) : $"{Name(m)} ({Entry(m)})"))];
    }

    private static string Name(MetricValue metric) => metric.Heading.Length > 0 ? metric.Heading : metric.Key[(metric.Key.LastIndexOf('/') + 1)..];

    /// <summary>The grid's entry, such as <c>attack-success@advbench</c>.</summary>
    private static string Entry(MetricValue metric) => metric.Key.Split('/')[0];
}
