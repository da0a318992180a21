using System.Globalization;
using System.Text;
using SafeTuneBed.Reporting;
using SafeTuneBed.Statistics;

namespace SafeTuneBed;

/// <summary>Claims and what a report says of them.</summary>
public sealed class ClaimReport
{
    private readonly string name;
    private readonly IReadOnlyList<string> notes;

    internal ClaimReport(string name, IReadOnlyList<ClaimResult> results, IReadOnlyList<string> notes) => (this.name, Results, this.notes) = (name, results, notes);

    /// <summary>One result for each claim, in their order.</summary>
    public IReadOnlyList<ClaimResult> Results { get; }

    /// <summary>The result of a claim.</summary>
    /// <exception cref="ConfigurationException">There is no such claim.</exception>
    public ClaimResult this[string claim] => Results.FirstOrDefault(r => r.Claim.Name == claim)
        ?? throw new ConfigurationException($"There is no claim '{claim}'. There are: {string.Join(", ", Results.Select(r => r.Claim.Name))}.");

    /// <summary>Claims with this verdict.</summary>
    public int Count(ClaimVerdict verdict) => Results.Count(r => r.Verdict == verdict);

    /// <summary>One row a claim: what is said, what was found, and the verdict. Notes tell how it was decided, and where each claim is made.</summary>
    public ReportTable ToTable() => ReportTables.Create(
        $"{name}, claims",
        ["claim", "verdict", "found", "what", "p adjusted", "n", "seeds", "why"],
        2,
        Results.Select(r => (IReadOnlyList<string>)[
            r.Claim.Name, Word(r.Verdict), Found(r), r.Measured.Length == 0 ? ReportFormat.Missing : r.Measured, ReportFormat.PValue(r.AdjustedPValue),
            r.Count == 0 ? ReportFormat.Missing : ReportFormat.Count(r.Count), Seeds(r), r.Reason]),
        [
            string.Create(CultureInfo.InvariantCulture, $"{Results.Count} claims: {Count(ClaimVerdict.Reproduced)} reproduced, {Count(ClaimVerdict.NotReproduced)} not reproduced, {Count(ClaimVerdict.Undecided)} undecided."),
            "Reproduced: the 95 % interval holds only what the claim says; of an order also p below .05 after Holm's correction over all claims that have a p, and nine of ten seeds. Not reproduced: the interval holds nothing of it. Undecided: all else, and what was not measured.",
            .. Results.Select(r => $"{r.Claim.Name}: {r.Claim.Text} {(r.Claim.Source.Length > 0 ? $"({r.Claim.Source})" : "")}".TrimEnd()),
            .. notes,
        ]) with { IsNumeric = [false, false, true, false, true, true, true, false] };

    /// <summary>The table and its notes as Markdown.</summary>
    public string ToMarkdown()
    {
        var page = new StringBuilder();
        ReportTable table = ToTable();
        MarkdownReportWriter.Heading(page, 1, table.Title);
        MarkdownReportWriter.Table(page, table);
        page.Append('\n');
        foreach (string note in table.Notes)
        {
            page.Append("- ").Append(MarkdownReportWriter.Escape(note)).Append('\n');
        }

        return page.ToString();
    }

    private static string Word(ClaimVerdict verdict) => verdict switch
    {
        ClaimVerdict.Reproduced => "reproduced",
        ClaimVerdict.NotReproduced => "not reproduced",
        _ => "undecided",
    };

    private static string Found(ClaimResult r) => r.Value is null
        ? ReportFormat.Missing
        : (r.Claim.Form == ClaimForm.Between
            ? ReportFormat.Number(r.Value, r.Kind) + ReportFormat.Range(r.Lower, r.Upper, r.Kind)
            : ReportFormat.Difference(new PairedComparison { Difference = r.Value, Lower = r.Lower, Upper = r.Upper }, r.Kind)) + ReportFormat.Unit(r.Kind);

    private static string Seeds(ClaimResult r) => r.Seeds == 0 ? ReportFormat.Missing
        : r.Claim.Form is ClaimForm.Between or ClaimForm.Same ? ReportFormat.Count(r.Seeds)
        : $"{ReportFormat.Count(r.SeedsInDirection)} of {ReportFormat.Count(r.Seeds)}";
}

/// <summary>Tests claims.</summary>
public static class ClaimExtensions
{
    /// <summary>
    /// Says of each claim whether the report's numbers reproduce it. Rows or metrics that the report lacks, and numbers with too many unscored items, leave a claim undecided, with the
    /// reason.
    /// </summary>
    /// <exception cref="ConfigurationException">Two claims have one name.</exception>
    public static ClaimReport Check(this GridReport report, params IReadOnlyList<Claim> claims)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(claims);
        return new ClaimReport(report.Name, ClaimChecker.Check(report, claims), []);
    }
}
