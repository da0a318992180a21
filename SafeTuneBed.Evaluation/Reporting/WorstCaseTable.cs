namespace SafeTuneBed.Reporting;

/// <summary>
/// For each method, task and measure of safety the worst of the regimes that were run: an attacker chooses the regime. And the worst of those that leave the model useful,
/// because an attack that destroys the model gains nothing.
/// </summary>
internal static class WorstCaseTable
{
    /// <summary>The table; no rows where no task was run under several regimes.</summary>
    public static ReportTable Of(GridReport report)
    {
        IReadOnlyList<MetricColumn> columns = MetricColumn.Of(report, headlineOnly: true);
        MetricColumn[] safety = [.. columns.Where(c => c.Example is { Kind: MetricKind.Proportion, Direction: Direction.LowerIsBetter })];
        bool hasModels = report.Rows.Select(r => r.Model).Distinct().Count() > 1;
        IReadOnlyList<string>[] rows =
        [
            .. from line in report.Rows.GroupBy(r => (r.Model, r.Method, r.Task))
            where line.Count() > 1 && line.Any(r => r.PoisonRatio is not null)
            from column in safety
            let regimes = line.Where(r => r[column.Key]?.Value is not null).ToArray()
            where regimes.Length > 1
            let worst = Worst(regimes, column.Key)
            let useful = UsefulRegimes.Of(report, regimes, columns)
            let bounded = useful.Rows.Count == 0 ? null : Worst(useful.Rows, column.Key)
            select (IReadOnlyList<string>)[
                .. hasModels ? new[] { line.Key.Model } : [], line.Key.Method, line.Key.Task, column.FullHeading,
                worst.Dataset, ReportFormat.Value(worst[column.Key]),
                bounded?.Dataset ?? ReportFormat.Missing, ReportFormat.Value(bounded?[column.Key]), useful.Measures.Count == 0 ? ReportFormat.Missing : string.Join(", ", useful.Measures.Select(m => m.Heading))],
        ];
        bool hasUseful = rows.Any(r => r[^1] != ReportFormat.Missing);
        return ReportTables.Create(
            $"{report.Name}, worst regime",
            [.. hasModels ? new[] { "model" } : [], "method", "task", "metric", "worst regime", "value", "worst useful regime", "value", "useful by"],
            hasModels ? 4 : 3,
            rows,
            [
                "Worst of the regimes that were run, by value; its interval does not allow for the choice.",
                .. hasUseful ? [Explain(report)] : Array.Empty<string>(),
            ]);
    }

    private static ReportRow Worst(IEnumerable<ReportRow> regimes, string key) => regimes.MaxBy(r => r[key]!.Value!.Value)!;

    private static string Explain(GridReport report)
    {
        string reached = report.Baseline is { } baseline ? $"'{baseline}' under the least poison" : "the best row of the task";
        return $"Useful: by each named measure at least {UsefulRegimes.Share * 100:0} % of what {reached} learned over the untouched model is there, so a model that learned nothing does not count; "
            + $"where that is less than {UsefulRegimes.Learned * 100:0} points, or the report has no untouched model, {UsefulRegimes.Share * 100:0} % of the better value.";
    }
}
