using SafeTuneBed.Reporting;

namespace SafeTuneBed;

/// <summary>A table as text: what a console, a notebook or a page needs to show a report.</summary>
public sealed record ReportTable
{
    /// <summary>What the table shows.</summary>
    public required string Title { get; init; }

    /// <summary>One heading per column.</summary>
    public required IReadOnlyList<string> Headings { get; init; }

    /// <summary>Rows of as many cells as there are headings; plain text, not escaped for any format.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> Rows { get; init; }

    /// <summary>Whether a column holds numbers and is best aligned to the right; as many as there are headings.</summary>
    public required IReadOnlyList<bool> IsNumeric { get; init; }

    /// <summary>What a reader must know: how to read the numbers, and what is wrong with them.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Makes tables of a report.</summary>
public static class ReportTableExtensions
{
    /// <summary>
    /// The summary: one row per model, method and data set; every headline metric in percent with its 95 % interval, then items, items without a score
    /// and seeds. Notes say how intervals were made, and repeat every warning.
    /// </summary>
    public static ReportTable ToTable(this GridReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return ReportTables.Summary(report);
    }

    /// <summary>The whole report as Markdown, the content of <c>report.md</c>; for notebooks and issues.</summary>
    public static string ToMarkdown(this GridReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return MarkdownReportWriter.Render(report);
    }

    /// <summary>
    /// Tables, legend, warnings and provenance as an HTML fragment with its own style, no script and no answers; for notebooks. Names are encoded. The page with
    /// charts and answers is the format <c>html</c>.
    /// </summary>
    public static string ToHtml(this GridReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return HtmlPage.RenderFragment(report);
    }

    /// <summary>Every headline metric of every row against the report's baseline on the same data set; no rows where the report has no baseline.</summary>
    public static ReportTable ToComparisonTable(this GridReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return ReportTables.Comparisons(report);
    }

    /// <summary>
    /// Every headline metric of each trained method from one poison level of a task to the next higher one; no rows where a task has a single level.
    /// </summary>
    public static ReportTable ToPoisonTable(this GridReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return ReportTables.PoisonSteps(report);
    }

    /// <summary>Every headline metric of every row against its method's own control on the same data set; no rows where no method has one, or the grid does not run it.</summary>
    public static ReportTable ToControlTable(this GridReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return ReportTables.Controls(report);
    }

    /// <summary>
    /// For each method, task and measure of safety the worst regime, and the worst of those that leave the model useful; no rows where tasks have a single regime.
    /// </summary>
    public static ReportTable ToWorstCaseTable(this GridReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return WorstCaseTable.Of(report);
    }

    /// <summary>The order of the methods on each data set with how sure it is: how often resampled items and seeds give it.</summary>
    public static ReportTable ToRankTable(this GridReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return RankTable.Of(report);
    }
}
