namespace SafeTuneBed.Reporting;

/// <summary>The tables of a report.</summary>
internal static class ReportTables
{
    private const string Unscored = "unscored", Seeds = "seeds";

    /// <summary>One line per row, the headline metrics side by side.</summary>
    public static ReportTable Summary(GridReport report)
    {
        IReadOnlyList<MetricColumn> columns = MetricColumn.Of(report, headlineOnly: true);
        var rows = report.Rows.Select(row =>
        {
            MetricValue?[] metrics = [.. columns.Select(c => row[c.Key])];
            return (IReadOnlyList<string>)[
                .. Place(report, row), ReportFormat.Poison(row.PoisonRatio), .. columns.Select(c => ReportFormat.Value(row, c.Key)),
                Together(metrics, m => m.Count - m.NotApplicableCount), Together(metrics, m => m.UnscoredCount - m.NotApplicableCount), SeedCount(row)];
        });
        return Create(
            report.Name,
            [.. PlaceHeadings(report), "poison %", .. columns.Select(c => c.FullHeading), "n", Unscored, Seeds],
            PlaceHeadings(report).Length,
            rows,
            [.. ReportNotes.Reading(report), .. ReportLegend.OfSummary(report), .. ReportNotes.Warnings(report)]);
    }

    /// <summary>One line per row and headline metric that was compared with the baseline.</summary>
    public static ReportTable Comparisons(GridReport report) => report.Baseline is { } baseline
        ? Comparisons(report, $"{report.Name}, compared with {baseline}", r => r.VersusBaseline, _ => [], [], "baseline", $"row minus {baseline}")
        : Comparisons(report, $"{report.Name}, compared with the baseline", _ => NoComparisons, _ => [], [], "baseline", "");

    /// <summary>One line per row and headline metric that was compared with the method's own control.</summary>
    public static ReportTable Controls(GridReport report) =>
        Comparisons(report, $"{report.Name}, compared with each method's own control", r => r.VersusControl, r => [r.Control ?? ReportFormat.Missing], ["control"], "control", "row minus its control");

    private static readonly IReadOnlyDictionary<string, PairedComparison> NoComparisons = new Dictionary<string, PairedComparison>();

    private static ReportTable Comparisons(
        GridReport report, string title, Func<ReportRow, IReadOnlyDictionary<string, PairedComparison>> found, Func<ReportRow, string[]> further, string[] headings, string other, string what)
    {
        IReadOnlyList<MetricColumn> columns = MetricColumn.Of(report, headlineOnly: true);
        var rows = (from row in report.Rows
                    from column in columns
                    where found(row).ContainsKey(column.Key)
                    select (Row: row, Column: column, Comparison: found(row)[column.Key])).ToArray();
        return Create(
            title,
            [.. PlaceHeadings(report), .. headings, "metric", .. ComparisonHeadings("row", other)],
            PlaceHeadings(report).Length + headings.Length + 1,
            rows.Select(r => (IReadOnlyList<string>)[.. Place(report, r.Row), .. further(r.Row), r.Column.FullHeading, .. Comparison(r.Comparison, r.Column.Example.Kind)]),
            rows.Length == 0 ? [] : [.. ReportNotes.ReadingComparisons(what, rows.Select(r => r.Comparison))]);
    }

    /// <summary>One line per trained method, task, headline metric and step from one poison level to the next higher one.</summary>
    public static ReportTable PoisonSteps(GridReport report)
    {
        IReadOnlyList<MetricColumn> columns = MetricColumn.Of(report, headlineOnly: true);
        var steps =
            (from line in report.Rows.Where(r => r.PoisonRatio is not null).GroupBy(r => (r.Model, r.Method, r.Task))
             let levels = line.OrderBy(r => r.PoisonRatio).ToArray()
             from pair in levels.Zip(levels.Skip(1))
             where pair.First.PoisonRatio < pair.Second.PoisonRatio
             from column in columns
             where pair.First[column.Key] is not null && pair.Second[column.Key] is not null
             select (pair.First, pair.Second, Column: column, Result: TryCompare(report, pair.First, pair.Second, column.Key))).ToArray();
        var adjusted = new Queue<PairedComparison>(report.Adjust([.. steps.Select(s => s.Result.Comparison).OfType<PairedComparison>()]));
        PairedComparison?[] comparisons = [.. steps.Select(s => s.Result.Comparison is null ? null : adjusted.Dequeue())];
        return Create(
            $"{report.Name}, more poison",
            [.. PlaceHeadings(report)[..^1], "from", "to", "metric", .. ComparisonHeadings("to", "from")],
            PlaceHeadings(report).Length + 2,
            steps.Select((s, i) => (IReadOnlyList<string>)[
                .. Place(report, s.First)[..^1], s.First.Dataset, s.Second.Dataset, s.Column.FullHeading,
                .. comparisons[i] is { } made ? Comparison(made, s.Column.Example.Kind) : Enumerable.Repeat(ReportFormat.Missing, ComparisonHeadings("", "").Length)]),
            [
                .. ReportNotes.ReadingComparisons("more poison minus less", comparisons.OfType<PairedComparison>()),
                .. steps.Where(s => s.Result.Fault is not null).Select(s => $"{s.First.Method}, {s.First.Dataset} and {s.Second.Dataset}, {s.Column.Heading}: not compared. {s.Result.Fault}"),
            ]);
    }

    /// <summary>One line per row and metric, everything that a table can hold.</summary>
    public static ReportTable Metrics(GridReport report)
    {
        var rows =
            from row in report.Rows
            from metric in row.Metrics
            select (IReadOnlyList<string>)[
                .. Place(report, row), metric.Key, ReportFormat.Value(metric) + (metric.Value is null ? "" : ReportFormat.Unit(metric.Kind)),
                metric.IntervalMethod ?? ReportFormat.Missing, ReportFormat.Count(metric.Count), ReportFormat.Count(metric.UnscoredCount),
                string.Join(", ", metric.SeedValues.Select(v => ReportFormat.Number(v, metric.Kind)))];
        return Create(
            $"{report.Name}, every metric",
            [.. PlaceHeadings(report), "metric", "value", "interval", "n", Unscored, "each seed"],
            PlaceHeadings(report).Length + 1,
            rows,
            [.. ReportLegend.OfOthers(report)]);
    }

    /// <summary>One line per row and part of the items, where a kind divides them into few; the others are in <c>report-groups.csv</c>.</summary>
    public static ReportTable Groups(GridReport report)
    {
        const int mostParts = 12;
        var rows =
            from row in report.Rows
            from metric in row.Metrics
            from kind in metric.Groups.GroupBy(g => g.Kind)
            where kind.Count() <= mostParts
            from part in kind
            select (IReadOnlyList<string>)[
                .. Place(report, row), metric.Key, part.Kind, part.Name,
                ReportFormat.Number(part.Value, metric.Kind) + ReportFormat.Range(part.Lower, part.Upper, metric.Kind) + (part.Value is null ? "" : ReportFormat.Unit(metric.Kind)),
                ReportFormat.Count(part.Count), ReportFormat.Count(part.Count - part.ScoredCount)];
        return Create($"{report.Name}, by part", [.. PlaceHeadings(report), "metric", "kind", "part", "value", "n", Unscored], PlaceHeadings(report).Length + 3, rows, []);
    }

    // A report of a grid that partly failed must come out all the same.
    private static (PairedComparison? Comparison, string? Fault) TryCompare(GridReport report, ReportRow first, ReportRow second, string key)
    {
        try
        {
            return (report.Compare(first, second, key), null);
        }
        catch (SafeTuneBedException e)
        {
            return (null, e.Message);
        }
    }

    private static string[] ComparisonHeadings(string candidate, string baseline) =>
        ["difference", "p", "p adjusted", "pairs", $"only {candidate} / only {baseline}", "seeds in direction"];

    private static string[] Comparison(PairedComparison comparison, MetricKind kind) =>
    [
        ReportFormat.Difference(comparison, kind),
        ReportFormat.PValue(comparison, comparison.PValue),
        ReportFormat.PValue(comparison, comparison.AdjustedPValue),
        ReportFormat.Count(comparison.Pairs),
        comparison.Test.StartsWith("mcnemar", StringComparison.Ordinal) ? $"{ReportFormat.Count(comparison.CandidateOnly)} / {ReportFormat.Count(comparison.BaselineOnly)}" : ReportFormat.Missing,
        ReportFormat.SeedsInDirection(comparison),
    ];

    /// <summary>A table whose first columns hold text and the others numbers.</summary>
    internal static ReportTable Create(string title, string[] headings, int textColumns, IEnumerable<IReadOnlyList<string>> rows, IReadOnlyList<string> notes) => new()
    {
        Title = title,
        Headings = headings,
        Rows = [.. rows],
        IsNumeric = [.. headings.Select((_, i) => i >= textColumns)],
        Notes = notes,
    };

    // The model is a column only where there is more than one.
    private static bool HasModels(GridReport report) => report.Rows.Select(r => r.Model).Distinct().Count() > 1;

    /// <summary>A row in words, such as <c>lora on sst2-high</c>.</summary>
    internal static string Name(GridReport report, ReportRow row) => HasModels(report) ? $"{row.Model}, {row.Method} on {row.Dataset}" : $"{row.Method} on {row.Dataset}";

    private static string[] PlaceHeadings(GridReport report) => HasModels(report) ? ["model", "method", "data set"] : ["method", "data set"];

    private static string[] Place(GridReport report, ReportRow row) => HasModels(report) ? [row.Model, row.Method, row.Dataset] : [row.Method, row.Dataset];

    private static string SeedCount(ReportRow row) => ReportFormat.Count(Math.Max(row.Seeds.Count, row.Metrics.Select(m => m.Seeds).DefaultIfEmpty(0).Max()));

    /// <summary>One number where all metrics agree, else one per metric in the order of the columns.</summary>
    private static string Together(MetricValue?[] metrics, Func<MetricValue, int> count)
    {
        int?[] counts = [.. metrics.Select(m => m is null ? (int?)null : count(m))];
        return counts.Length == 0
            ? ReportFormat.Missing
            : counts.Distinct().Count() == 1
                ? counts[0] is { } same ? ReportFormat.Count(same) : ReportFormat.Missing
                : string.Join(" / ", counts.Select(c => c is { } one ? ReportFormat.Count(one) : ReportFormat.Missing));
    }
}
