using System.Text;

namespace SafeTuneBed.Reporting;

/// <summary>Writes <c>report.md</c>: the summary, its legend and warnings, the comparisons with the baseline and from one poison level to the next, every metric, provenance and notes.</summary>
internal sealed class MarkdownReportWriter : IReportWriter
{
    /// <summary>Registered name.</summary>
    public const string Name = "markdown";

    private const string Special = "\\`*_<>|";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        return [await ReportFile.WriteAsync(folder, "report.md", Render(report), cancellationToken).ConfigureAwait(false)];
    }

    /// <summary>The page.</summary>
    internal static string Render(GridReport report)
    {
        ReportTable summary = report.ToTable(), comparisons = report.ToComparisonTable();
        var page = new StringBuilder();
        Heading(page, 1, report.Name);
        Table(page, summary);
        List(page, [.. ReportNotes.Reading(report), .. ReportLegend.OfSummary(report)]);
        Section(page, "Warnings", ReportNotes.Warnings(report));
        if (report.Baseline is not null && comparisons.Rows.Count > 0)
        {
            Heading(page, 2, $"Compared with {report.Baseline}");
            Table(page, comparisons);
            List(page, comparisons.Notes);
        }

        ReportTable steps = report.ToPoisonTable();
        if (steps.Rows.Count > 0)
        {
            Heading(page, 2, "More poison");
            Table(page, steps);
            List(page, steps.Notes);
        }

        Heading(page, 2, "Every metric");
        ReportTable metrics = ReportTables.Metrics(report), common = ReportProvenance.Common(report), differing = ReportProvenance.Differing(report);
        Table(page, metrics);
        if (metrics.Notes.Count > 0)
        {
            List(page, metrics.Notes);
        }

        if (common.Rows.Count + differing.Rows.Count > 0)
        {
            Heading(page, 2, "Provenance");
            page.Append("What every row was trained and asked with; settings in which rows differ stand below.\n\n");
            Table(page, common);
            if (differing.Rows.Count > 0)
            {
                page.Append('\n');
                Table(page, differing);
            }
        }

        Section(page, "Notes", report.Notes);
        page.Append("\nRow schema ").Append(ReportRecord.SchemaVersion).Append(".\n");
        return page.ToString();
    }

    private static void Section(StringBuilder page, string heading, IEnumerable<string> lines)
    {
        string[] all = [.. lines];
        if (all.Length > 0)
        {
            Heading(page, 2, heading);
            Lines(page, all);
        }
    }

    private static void Heading(StringBuilder page, int level, string text) =>
        page.Append(page.Length == 0 ? "" : "\n").Append('#', level).Append(' ').Append(Escape(text)).Append("\n\n");

    private static void Table(StringBuilder page, ReportTable table)
    {
        Row(page, table.Headings);
        page.Append('|').AppendJoin('|', table.IsNumeric.Select(numeric => numeric ? " ---: " : " --- ")).Append("|\n");
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            Row(page, row);
        }
    }

    private static void Row(StringBuilder page, IReadOnlyList<string> cells) => page.Append("| ").AppendJoin(" | ", cells.Select(Escape)).Append(" |\n");

    private static void List(StringBuilder page, IEnumerable<string> lines) => Lines(page.Append('\n'), lines);

    private static void Lines(StringBuilder page, IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            page.Append("- ").Append(Escape(line)).Append('\n');
        }
    }

    /// <summary>Plain text as Markdown that shows it as it is.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            // Brackets stay, for intervals to be readable: without a target they are no link.
            escaped.Append(c is '\n' or '\r' ? " " : Special.Contains(c, StringComparison.Ordinal) ? $"\\{c}" : c.ToString());
        }

        return escaped.ToString();
    }
}
