namespace SafeTuneBed.Reporting;

/// <summary>What the rows were made with: once where they agree, side by side where they differ.</summary>
internal static class ReportProvenance
{
    /// <summary>Settings with one value in every row that has them.</summary>
    public static ReportTable Common(GridReport report) => ReportTables.Create(
        $"{report.Name}, made with",
        ["setting", "value in every row that has it"],
        2,
        Settings(report).Where(s => s.Values.Count == 1).Select(s => (IReadOnlyList<string>)[s.Name, s.Values[0].Value]),
        []);

    /// <summary>Settings whose value differs from row to row, with the rows of each value.</summary>
    public static ReportTable Differing(GridReport report) => ReportTables.Create(
        $"{report.Name}, what differs",
        ["setting", "value", "rows"],
        3,
        from setting in Settings(report)
        where setting.Values.Count > 1
        from value in setting.Values
        select (IReadOnlyList<string>)[setting.Name, value.Value, string.Join(", ", value.Rows.Select(r => ReportTables.Name(report, r)))],
        []);

    private static IEnumerable<(string Name, IReadOnlyList<(string Value, IReadOnlyList<ReportRow> Rows)> Values)> Settings(GridReport report) =>
        from name in report.Rows.SelectMany(r => r.Settings.Keys).Distinct()
        let values = report.Rows.Where(r => r.Settings.ContainsKey(name)).GroupBy(r => r.Settings[name], StringComparer.Ordinal)
        select (name, (IReadOnlyList<(string, IReadOnlyList<ReportRow>)>)[.. values.Select(v => (v.Key, (IReadOnlyList<ReportRow>)[.. v]))]);
}
