namespace SafeTuneBed.Reporting;

/// <summary>One part of a report as every page format shows it: Markdown, LaTeX and HTML differ in looks only.</summary>
/// <param name="Heading">The heading; null for the first part, which stands under the report's name.</param>
/// <param name="Tables">Tables, in order.</param>
/// <param name="Notes">Sentences below the tables.</param>
internal sealed record ReportSection(string? Heading, IReadOnlyList<ReportTable> Tables, IReadOnlyList<string> Notes)
{
    /// <summary>The parts that have something to show.</summary>
    public static IReadOnlyList<ReportSection> Of(GridReport report)
    {
        ReportTable summary = ReportTables.Summary(report), metrics = ReportTables.Metrics(report);
        return
        [
            .. new ReportSection[]
            {
                new(null, [summary], [.. ReportNotes.Reading(report), .. ReportLegend.OfSummary(report)]),
                new("Warnings", [], [.. ReportNotes.Warnings(report)]),
                With($"Compared with {report.Baseline}", ReportTables.Comparisons(report)),
                With("Compared with each method's own control", ReportTables.Controls(report)),
                With("More poison", ReportTables.PoisonSteps(report)),
                With("Worst regime", WorstCaseTable.Of(report)),
                With("How sure the order is", RankTable.Of(report)),
                new("Every metric", [metrics], metrics.Notes),
                With("By part of the items", ReportTables.Groups(report)),
                Provenance(report),
                new("Notes", [], report.Notes),
            }.Where(s => s.Heading is null or "Every metric" || s.Tables.Count + s.Notes.Count > 0),
        ];
    }

    private static ReportSection With(string heading, ReportTable table) => table.Rows.Count == 0 ? new(heading, [], []) : new(heading, [table], table.Notes);

    private static ReportSection Provenance(GridReport report)
    {
        ReportTable[] tables = [.. new[] { ReportProvenance.Common(report), ReportProvenance.Differing(report) }.Where(t => t.Rows.Count > 0)];
        return new("Provenance", tables, tables.Length == 0 ? [] : ["What the rows were trained and asked with. Settings in which rows differ stand with the rows of each value."]);
    }
}
