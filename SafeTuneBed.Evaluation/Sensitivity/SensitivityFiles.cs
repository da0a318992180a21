using SafeTuneBed.Reporting;

namespace SafeTuneBed.Sensitivity;

/// <summary>A comparison of judges as files.</summary>
internal static class SensitivityFiles
{
    /// <summary>Writes page and tables.</summary>
    public static async Task<IReadOnlyList<string>> WriteAsync(JudgeSensitivityReport report, string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        (string Name, string Text)[] files =
        [
            ("judges.md", report.ToMarkdown()),
            ("judges-pairs.csv", Pairs([.. report.Pairs, .. report.PairsByRow])),
            ("judges-confusion.csv", Confusion([.. report.Pairs, .. report.PairsByRow])),
            ("judges-rankings.csv", CsvReportWriter.Render(
                ["model", "dataset", "scorer", "rank", "method", "value", "best", "ahead"],
                report.Rankings.SelectMany(r => r.Methods.Select((m, i) => (IReadOnlyList<object?>)[r.Model, r.Dataset, r.Scorer, i + 1, m.Method, m.Value, m.BestShare, m.AheadShare])))),
            ("judges-tau.csv", CsvReportWriter.Render(
                ["model", "dataset", "first", "second", "methods", "tau", "tau_lower", "tau_upper", "same_best"],
                report.RankAgreements.Select(t => (IReadOnlyList<object?>)[t.Model, t.Dataset, t.First, t.Second, t.Methods, t.Tau.Value, t.Tau.Lower, t.Tau.Upper, t.SameBestShare]))),
        ];
        var written = new List<string>();
        foreach ((string name, string text) in files)
        {
            written.Add(await ReportFile.WriteAsync(folder, name, text, cancellationToken).ConfigureAwait(false));
        }

        return written;
    }

    /// <summary>One record per pair.</summary>
    public static string Pairs(IReadOnlyList<JudgePair> pairs) => CsvReportWriter.Render(
        ["model", "method", "dataset", "first", "second", "answers", "dropped", "agreement", "kappa", "kappa_lower", "kappa_upper", "weighted_kappa", "weighted_kappa_lower", "weighted_kappa_upper", "bias", "bias_lower", "bias_upper", "remark"],
        pairs.Select(p => (IReadOnlyList<object?>)[
            p.Model, p.Method, p.Dataset, p.First, p.Second, p.Answers, p.Dropped, p.RawAgreement, p.Kappa.Value, p.Kappa.Lower, p.Kappa.Upper,
            p.WeightedKappa.Value, p.WeightedKappa.Lower, p.WeightedKappa.Upper, p.Bias.Value, p.Bias.Lower, p.Bias.Upper, p.Remark]));

    private static string Confusion(IReadOnlyList<JudgePair> pairs) => CsvReportWriter.Render(
        ["model", "method", "dataset", "first", "second", "first_score", "second_score", "count"],
        pairs.SelectMany(p => p.Confusion.Select(c => (IReadOnlyList<object?>)[p.Model, p.Method, p.Dataset, p.First, p.Second, c.First, c.Second, c.Count])));
}
