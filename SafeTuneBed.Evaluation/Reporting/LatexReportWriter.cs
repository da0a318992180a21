using System.Globalization;
using System.Text;

namespace SafeTuneBed.Reporting;

/// <summary>
/// Writes <c>report.tex</c>, a document that compiles by itself, and <c>report-summary.tex</c>, the summary's tabular alone for <c>\input</c> into a paper. Both
/// need the package booktabs.
/// </summary>
internal sealed class LatexReportWriter : IReportWriter
{
    /// <summary>Registered name.</summary>
    public const string Name = "latex";

    // Longer text is broken into lines.
    private const int LongestUnbroken = 36;

    // Characters that a line holds, about.
    private const int LineLength = 175;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        return
        [
            await ReportFile.WriteAsync(folder, "report.tex", RenderDocument(report), cancellationToken).ConfigureAwait(false),
            await ReportFile.WriteAsync(folder, "report-summary.tex", RenderSummary(report), cancellationToken).ConfigureAwait(false),
        ];
    }

    /// <summary>The whole report.</summary>
    internal static string RenderDocument(GridReport report)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"% Row schema {ReportRecord.SchemaVersion}. Compiles with pdflatex, xelatex and lualatex; run it twice.\n");
        page.Append("""
            \documentclass[10pt]{article}
            \usepackage[T1]{fontenc}
            \usepackage[utf8]{inputenc}
            \usepackage{textcomp}
            \usepackage[landscape,margin=14mm]{geometry}
            \usepackage{array,booktabs,longtable}
            \setlength{\tabcolsep}{4pt}
            \setlength{\parindent}{0pt}
            \begin{document}
            \footnotesize

            """.ReplaceLineEndings("\n"));
        page.Append(CultureInfo.InvariantCulture, $"\n\\section*{{{LatexText.Escape(report.Name)}}}\n");
        foreach (ReportSection section in ReportSection.Of(report))
        {
            if (section.Heading is { } heading)
            {
                page.Append(CultureInfo.InvariantCulture, $"\n\\subsection*{{{LatexText.Escape(heading)}}}\n");
            }

            foreach (ReportTable table in section.Tables)
            {
                Table(page, table, "longtable", isBreakable: true);
            }

            if (section.Notes.Count > 0)
            {
                page.Append("\\begin{itemize}\n").AppendJoin("", section.Notes.Select(n => $"\\item {LatexText.Escape(n)}\n")).Append("\\end{itemize}\n");
            }
        }

        return page.Append("\\end{document}\n").ToString();
    }

    /// <summary>The summary's tabular.</summary>
    internal static string RenderSummary(GridReport report)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"% {LatexText.Escape(report.Name)}. Row schema {ReportRecord.SchemaVersion}. Needs \\usepackage{{booktabs}}.\n");
        foreach (string note in ReportNotes.Reading(report))
        {
            page.Append("% ").Append(LatexText.Escape(note)).Append('\n');
        }

        Table(page, ReportTables.Summary(report), "tabular", isBreakable: false);
        return page.ToString();
    }

    private static void Table(StringBuilder page, ReportTable table, string environment, bool isBreakable)
    {
        int[] longest = [.. table.Headings.Select((h, i) => table.Rows.Select(r => r[i].Length).Append(h.Length / 2).Max() + 2)];
        bool[] broken = [.. longest.Select((l, i) => isBreakable && l > LongestUnbroken && !table.IsNumeric[i])];
        int kept = longest.Where((_, i) => !broken[i]).Sum(), asked = longest.Where((_, i) => broken[i]).Sum();
        double share = Math.Min(1, Math.Max(40, LineLength - kept) / (double)Math.Max(1, asked));
        page.Append(CultureInfo.InvariantCulture, $"\\begin{{{environment}}}{{@{{}}");
        for (int i = 0; i < longest.Length; i++)
        {
            // Columns of long text share what the others leave, by their longest cell.
            page.Append(broken[i]
                ? string.Create(CultureInfo.InvariantCulture, $">{{\\raggedright\\arraybackslash}}p{{{share * longest[i] / LineLength:0.000}\\linewidth}}")
                : table.IsNumeric[i] ? "r" : "l");
        }

        page.Append("@{}}\n\\toprule\n");
        Row(page, table.Headings.Select(h => isBreakable ? Stack(h) : LatexText.Escape(h)));
        page.Append("\\midrule\n");
        if (environment == "longtable")
        {
            page.Append("\\endhead\n\\bottomrule\n\\endfoot\n");
        }

        foreach (IReadOnlyList<string> row in table.Rows)
        {
            Row(page, row.Select((cell, i) => table.IsNumeric[i] ? LatexText.EscapeNumber(cell) : LatexText.Escape(cell)));
        }

        page.Append(environment == "longtable" ? "" : "\\bottomrule\n").Append(CultureInfo.InvariantCulture, $"\\end{{{environment}}}\n");
    }

    // A long heading on two lines keeps its column narrow.
    private static string Stack(string heading)
    {
        int middle = heading.Length < 14 ? -1 : heading.IndexOf(' ', heading.Length / 3);
        return middle < 0
            ? LatexText.Escape(heading)
            : $"\\shortstack[l]{{{LatexText.Escape(heading[..middle])}\\\\{LatexText.Escape(heading[(middle + 1)..])}}}";
    }

    private static void Row(StringBuilder page, IEnumerable<string> cells) => page.AppendJoin(" & ", cells).Append(" \\\\\n");
}
