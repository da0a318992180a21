namespace SafeTuneBed.Reporting;

/// <summary>One measure of safety against one of usefulness for one task on one model: what each method leaves of either.</summary>
internal sealed record FrontierChart(string Model, string Task, MetricColumn Safety, MetricColumn Usefulness, IReadOnlyList<FrontierLevel> Levels)
{
    /// <summary>The charts of a report: each headline share that is better when lower with each that is better when higher, where two methods have both.</summary>
    public static IReadOnlyList<FrontierChart> Of(GridReport report)
    {
        MetricColumn[] shares = [.. MetricColumn.Of(report, headlineOnly: true).Where(c => c.Example.Kind == MetricKind.Proportion)];
        return
        [
            .. from safety in shares.Where(c => c.Example.Direction == Direction.LowerIsBetter)
               from usefulness in shares.Where(c => c.Example.Direction == Direction.HigherIsBetter)
               from place in report.Rows.Select(r => (r.Model, r.Task)).Distinct()
               let levels = FindLevels(report.Rows.Where(r => r.Model == place.Model && r.Task == place.Task), safety.Key, usefulness.Key)
               where levels.Any(l => l.Points.Count > 1)
               select new FrontierChart(place.Model, place.Task, safety, usefulness, levels),
        ];
    }

    private static FrontierLevel[] FindLevels(IEnumerable<ReportRow> rows, string safety, string usefulness) =>
    [
        .. rows.Where(r => r[safety]?.Value is not null && r[usefulness]?.Value is not null).GroupBy(r => r.Dataset, StringComparer.Ordinal)
            .Select(g => new FrontierLevel(g.Key, [.. g.Select(r => new FrontierPoint(r.Method, r[safety]!, r[usefulness]!))])),
    ];
}

/// <summary>The methods on one data set. Only they compete: less poison is no merit of a method.</summary>
internal sealed record FrontierLevel(string Dataset, IReadOnlyList<FrontierPoint> Points)
{
    /// <summary>The methods that no other beats in both, from the least useful on. Of equals all stay.</summary>
    public IReadOnlyList<FrontierPoint> Frontier =>
        [.. Points.Where(p => !Points.Any(o => o.Beats(p))).OrderBy(p => p.Usefulness.Value).ThenBy(p => p.Safety.Value)];
}

/// <summary>One method.</summary>
internal sealed record FrontierPoint(string Method, MetricValue Safety, MetricValue Usefulness)
{
    /// <summary>At least as good in both, and better in one.</summary>
    public bool Beats(FrontierPoint other) =>
        Safety.Value <= other.Safety.Value && Usefulness.Value >= other.Usefulness.Value && (Safety.Value < other.Safety.Value || Usefulness.Value > other.Usefulness.Value);
}
