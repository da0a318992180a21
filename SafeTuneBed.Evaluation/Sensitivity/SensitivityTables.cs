using System.Globalization;
using SafeTuneBed.Reporting;

namespace SafeTuneBed.Sensitivity;

/// <summary>Agreement as tables.</summary>
internal static class SensitivityTables
{
    private const int MostConfusionValues = 12;

    /// <summary>The tables of a comparison of judges.</summary>
    public static IReadOnlyList<ReportTable> Of(JudgeSensitivityReport report)
    {
        bool hasModels = report.PairsByRow.Concat(report.Pairs).Select(p => p.Model).OfType<string>().Distinct().Count() > 1;
        return
        [
            Scorers(report.Scorers),
            Pairs("Pairs, over all rows", report.Pairs, [], _ => []),
            Consensus(report.Consensus),
            Pairs(
                "Pairs, row by row",
                report.PairsByRow.Where(p => p.RawAgreement is not null),
                hasModels ? ["model", "method", "data set"] : ["method", "data set"],
                p => hasModels ? [p.Model!, p.Method!, p.Dataset!] : [p.Method!, p.Dataset!]),
            Rankings(report.Rankings, hasModels),
            Taus(report.RankAgreements, hasModels),
            .. report.Pairs.Select(Confusion),
        ];
    }

    /// <summary>What each scorer made of the answers.</summary>
    public static ReportTable Scorers(IReadOnlyList<JudgeScores> scorers)
    {
        UnscoredReason[] reasons = [.. scorers.SelectMany(s => s.Unscored.Keys).Distinct().Order()];
        return ReportTables.Create(
            "Scorers",
            ["scorer", "answers", "scored", .. reasons.Select(r => $"unscored: {r}"), "mean"],
            1,
            scorers.Select(s => (IReadOnlyList<string>)[
                s.Scorer, ReportFormat.Count(s.Answers), ReportFormat.Count(s.Scored), .. reasons.Select(r => ReportFormat.Count(s.Unscored.GetValueOrDefault(r))), Number(s.Mean)]),
            []);
    }

    /// <summary>One line per pair.</summary>
    public static ReportTable Pairs(string title, IEnumerable<JudgePair> pairs, string[] headings, Func<JudgePair, string[]> place)
    {
        JudgePair[] all = [.. pairs];
        return ReportTables.Create(
            title,
            [.. headings, "first", "second", "answers", "not by both", "agree %", "kappa", "weighted kappa", "bias"],
            headings.Length + 2,
            all.Select(p => (IReadOnlyList<string>)[
                .. place(p), p.First, p.Second, ReportFormat.Count(p.Answers), ReportFormat.Count(p.Dropped),
                p.RawAgreement is { } raw ? (100 * raw).ToString("0.0", CultureInfo.InvariantCulture) : ReportFormat.Missing,
                Estimate(p.Kappa), Estimate(p.WeightedKappa), Estimate(p.Bias, signed: true)]),
            [.. all.Where(p => p.Remark is not null).GroupBy(p => (p.First, p.Second, p.Remark)).Select(g => $"{g.Key.First} and {g.Key.Second}: {g.Key.Remark}")]);
    }

    /// <summary>Alpha.</summary>
    public static ReportTable Consensus(IReadOnlyList<JudgeConsensus> found) => ReportTables.Create(
        "All scorers together",
        ["scorers", "scale", "answers", "Krippendorff's alpha"],
        2,
        found.Select(c => (IReadOnlyList<string>)[string.Join(", ", c.Scorers), c.Scale, ReportFormat.Count(c.Answers), Estimate(c.Alpha)]),
        []);

    /// <summary>How often each pair of scores occurs: the first down, the second across.</summary>
    public static ReportTable Confusion(JudgePair pair)
    {
        double[] values = [.. pair.Confusion.SelectMany(c => new[] { c.First, c.Second }).Distinct().Order()];
        bool fits = values.Length <= MostConfusionValues;
        return ReportTables.Create(
            $"{pair.First} (down) and {pair.Second} (across)",
            ["score", .. fits ? values.Select(v => Number(v)) : []],
            1,
            fits ? values.Select(a => (IReadOnlyList<string>)[Number(a), .. values.Select(b => ReportFormat.Count(pair.Confusion.FirstOrDefault(c => (c.First, c.Second) == (a, b))?.Count ?? 0))]) : [],
            []);
    }

    private static ReportTable Rankings(IReadOnlyList<JudgeRanking> rankings, bool hasModels) => ReportTables.Create(
        "Order of the methods",
        [.. hasModels ? new[] { "model" } : [], "data set", "scorer", "method", "value", "best in", "ahead of the next in"],
        hasModels ? 4 : 3,
        rankings.SelectMany(r => r.Methods.Select(m => (IReadOnlyList<string>)[
            .. hasModels ? new[] { r.Model } : [], r.Dataset, r.Scorer, m.Method, Number(m.Value), Percent(m.BestShare), m.AheadShare is { } ahead ? Percent(ahead) : ReportFormat.Missing])),
        []);

    private static ReportTable Taus(IReadOnlyList<RankAgreement> taus, bool hasModels) => ReportTables.Create(
        "How alike the orders are",
        [.. hasModels ? new[] { "model" } : [], "data set", "first", "second", "methods", "tau", "same method first in"],
        hasModels ? 4 : 3,
        taus.Select(t => (IReadOnlyList<string>)[.. hasModels ? new[] { t.Model } : [], t.Dataset, t.First, t.Second, ReportFormat.Count(t.Methods), Estimate(t.Tau), Percent(t.SameBestShare)]),
        []);

    private static string Estimate(AgreementEstimate estimate, bool signed = false)
    {
        string Show(double v) => v.ToString(signed ? "+0.00;-0.00;0.00" : "0.00", CultureInfo.InvariantCulture);
        return estimate.Value is not { } value ? ReportFormat.Missing
            : Show(value) + (estimate is { Lower: { } lower, Upper: { } upper } ? $" [{Show(lower)}, {Show(upper)}]" : "");
    }

    private static string Number(double? value) => value is { } v ? v.ToString("0.###", CultureInfo.InvariantCulture) : ReportFormat.Missing;

    private static string Percent(double share) => (100 * share).ToString("0", CultureInfo.InvariantCulture) + " %";
}
