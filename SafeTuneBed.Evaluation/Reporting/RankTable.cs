using System.Globalization;
using SafeTuneBed.Statistics;

namespace SafeTuneBed.Reporting;

/// <summary>The order of the methods on each data set, by each headline metric, with how sure it is.</summary>
internal static class RankTable
{
    /// <summary>The table; no rows where nothing competes.</summary>
    public static ReportTable Of(GridReport report)
    {
        bool hasModels = report.Rows.Select(r => r.Model).Distinct().Count() > 1;
        var lines = new List<IReadOnlyList<string>>();
        var taus = new List<string>();
        var compared = new SortedSet<int>();
        foreach (MetricColumn column in MetricColumn.Of(report, headlineOnly: true).Where(c => c.Example.Direction != Direction.Neutral))
        {
            bool lowerIsBetter = column.Example.Direction == Direction.LowerIsBetter;
            foreach (ReportRow[] rows in report.Rows.Where(r => r.Standings.ContainsKey(column.Key)).GroupBy(r => (r.Model, r.Dataset)).Select(g => g.ToArray()).Where(g => g.Length > 1))
            {
                if (report.FindRanks(rows, column.Key, lowerIsBetter) is not { } ranks)
                {
                    continue;
                }

                foreach (int i in Enumerable.Range(0, rows.Length).OrderBy(i => lowerIsBetter ? rows[i][column.Key]!.Value : -rows[i][column.Key]!.Value))
                {
                    lines.Add([
                        .. hasModels ? new[] { rows[i].Model } : [], rows[i].Dataset, column.FullHeading, rows[i].Method, ReportFormat.Value(rows[i], column.Key),
                        Percent(ranks.BestShares[i]), ranks.AheadShares[i] is { } ahead ? Percent(ahead) : ReportFormat.Missing]);
                }

                if (ranks.SeedTau is { } tau)
                {
                    compared.Add(rows.Length);
                    taus.Add(string.Create(CultureInfo.InvariantCulture, $"{rows[0].Dataset}, {column.Heading}: {tau:0.00}"));
                }
            }
        }

        return ReportTables.Create(
            $"{report.Name}, how sure the order is",
            [.. hasModels ? new[] { "model" } : [], "data set", "metric", "method", "value", "best in", "ahead of the next in"],
            hasModels ? 4 : 3,
            lines,
            [
                "Share of 2,000 resamples of items and seeds, the same for all methods, in which a method is the best, and in which it lies ahead of the next one.",
                .. taus.Count == 0 ? Array.Empty<string>() : [$"Kendall's tau-b between the orders that single seeds give, averaged over pairs of seeds: {string.Join("; ", taus)}. {string.Join(" ", compared.Select(Doubt))}"],
            ]);
    }

    private static string Doubt(int methods) =>
        string.Create(CultureInfo.InvariantCulture, $"Between two orders of {methods} methods chance alone gives a tau of 1 or -1 with p = {Agreement.KendallPValue(methods, 1):0.###}.");

    private static string Percent(double share) => (100 * share).ToString("0", CultureInfo.InvariantCulture) + " %";
}

/// <summary>Ranks of the rows of a report.</summary>
internal static class ReportRanks
{
    /// <summary>How sure the order of some rows is; null where they can't be lined up, as when some seeds are missing.</summary>
    public static RankStability? FindRanks(this GridReport report, IReadOnlyList<ReportRow> rows, string key, bool lowerIsBetter)
    {
        try
        {
            IReadOnlyList<IReadOnlyList<SampleScore>>[] scores = [.. rows.Select(r => report.Scores(r, key))];
            int seeds = scores.Max(s => s.Count);
            return scores.Any(s => s.Any(x => x.Count == 0) || (s.Count != seeds && s.Count != 1)) ? null : RankStability.Of(report.Definition(rows[0], key), scores, lowerIsBetter);
        }
        catch (SafeTuneBedException)
        {
            return null; // a report comes out all the same
        }
    }
}
