using System.Globalization;
using System.Text;

namespace SafeTuneBed.Reporting;

/// <summary>
/// Writes <c>report.md</c>: the summary with its legend, warnings, the comparisons with the baseline and from one poison level to the next, every metric,
/// provenance and notes.
/// </summary>
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
        var page = new StringBuilder();
        Heading(page, 1, report.Name);
        foreach (ReportSection section in ReportSection.Of(report))
        {
            if (section.Heading is { } heading)
            {
                Heading(page, 2, heading);
            }

            for (int i = 0; i < section.Tables.Count; i++)
            {
                page.Append(i == 0 ? "" : "\n");
                Table(page, section.Tables[i]);
            }

            page.Append(section.Tables.Count > 0 && section.Notes.Count > 0 ? "\n" : "");
            List(page, section.Notes);
        }

        return page.Append(CultureInfo.InvariantCulture, $"\nRow schema {ReportRecord.SchemaVersion}.\n").ToString();
    }

    /// <summary>A page of tables, each below its title, with its own notes; notes on all of them at the end. Tables without rows are left out.</summary>
    internal static string Render(string title, IEnumerable<ReportTable> tables, IReadOnlyList<string> notes)
    {
        var page = new StringBuilder();
        Heading(page, 1, title);
        foreach (ReportTable table in tables.Where(t => t.Rows.Count > 0))
        {
            Heading(page, 2, table.Title);
            Table(page, table);
            Notes(page, table.Notes);
        }

        Notes(page, notes);
        return page.ToString();
    }

    private static void Notes(StringBuilder page, IReadOnlyList<string> notes)
    {
        page.Append(notes.Count > 0 ? "\n" : "");
        List(page, notes);
    }

    private static void List(StringBuilder page, IReadOnlyList<string> notes)
    {
        foreach (string note in notes)
        {
            page.Append("- ").Append(Escape(note)).Append('\n');
        }
    }

    internal static void Heading(StringBuilder page, int level, string text) =>
        page.Append(page.Length == 0 ? "" : "\n").Append('#', level).Append(' ').Append(Escape(text)).Append("\n\n");

    internal static void Table(StringBuilder page, ReportTable table)
    {
        Row(page, table.Headings);
        page.Append('|').AppendJoin('|', table.IsNumeric.Select(numeric => numeric ? " ---: " : " --- ")).Append("|\n");
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            Row(page, row);
        }
    }

    private static void Row(StringBuilder page, IReadOnlyList<string> cells) => page.Append("| ").AppendJoin(" | ", cells.Select(Escape)).Append(" |\n");

    /// <summary>Plain text as Markdown that shows it as it is.</summary>
    internal static string Escape(string text)
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
