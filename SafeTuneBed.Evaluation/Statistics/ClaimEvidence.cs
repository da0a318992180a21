namespace SafeTuneBed.Statistics;

/// <summary>What a report holds about a claim: a value, or a comparison for each pair of rows; or why it holds nothing.</summary>
internal sealed record ClaimEvidence(Claim Claim)
{
    // As for the items of a single row.
    private const double MostDropped = 0.02;

    /// <summary>The pairs that have to hold, in the claim's order.</summary>
    public IReadOnlyList<ClaimPair> Pairs { get; private init; } = [];

    /// <summary>The value of a claim about one row.</summary>
    public MetricValue? Value { get; private init; }

    /// <summary>What kind of number it is.</summary>
    public MetricKind Kind { get; private init; }

    /// <summary>Why nothing can be decided; null where something can.</summary>
    public string? Missing { get; private init; }

    /// <summary>The p value of an order: the largest of its pairs'; null of other claims.</summary>
    public double? PValue => Missing is not null || Claim.Form is ClaimForm.Between or ClaimForm.Same || Pairs.Any(p => p.Comparison.PValue is null)
        ? null
        : Pairs.Max(p => p.Oriented > 0 ? p.Comparison.PValue!.Value : 1);

    /// <summary>Looks the claim's rows up.</summary>
    public static ClaimEvidence Of(GridReport report, Claim claim)
    {
        try
        {
            ReportRow[] rows = [.. claim.Rows.Select(r => report.Row(r.Method, r.Dataset, r.Model))];
            foreach (ReportRow row in rows)
            {
                if (row[claim.Metric] is not { } metric || metric.Value is null)
                {
                    return new(claim) { Missing = $"Not measured: '{row.Method}' on '{row.Dataset}' has {(row[claim.Metric] is null ? "no metric" : "no scored item of")} '{claim.Metric}'." };
                }

                if (metric.IsIncomplete)
                {
                    return new(claim) { Missing = $"'{row.Method}' on '{row.Dataset}' has too many items without a score ({metric.UnscoredCount} of {metric.Count})." };
                }
            }

            MetricValue first = rows[0][claim.Metric]!;
            ClaimPair[] pairs = claim.Form == ClaimForm.Between ? [] : [.. PairsOf(report, claim, rows)];
            return pairs.FirstOrDefault(p => p.Comparison.PairsDropped > MostDropped * (p.Comparison.Pairs + p.Comparison.PairsDropped)) is { } torn
                ? new(claim) { Missing = $"{torn.Comparison.PairsDropped} of {torn.Comparison.Pairs + torn.Comparison.PairsDropped} pairs of '{torn.Row}' and '{torn.Other}' lack a score on one side: a seed has not run, or items are unscored." }
                : new(claim) { Kind = first.Kind, Value = first, Pairs = pairs };
        }
        catch (SafeTuneBedException e)
        {
            return new(claim) { Missing = e.Message };
        }
    }

    private static IEnumerable<ClaimPair> PairsOf(GridReport report, Claim claim, ReportRow[] rows)
    {
        for (int i = 1; i < rows.Length; i++)
        {
            (int row, int other) = claim.Form == ClaimForm.Ascending ? (i, i - 1) : (0, i);
            yield return new ClaimPair(claim.Rows[row], claim.Rows[other], claim.Form == ClaimForm.Lowest ? -1 : 1, report.Compare(rows[other], rows[row], claim.Metric));
        }
    }
}

/// <summary>One row against another, and which way the claim points.</summary>
/// <param name="Row">The row.</param>
/// <param name="Other">The row that is taken off.</param>
/// <param name="Sign">1 where the claim says that the row lies higher, -1 where it says lower.</param>
/// <param name="Comparison">Row minus other.</param>
internal sealed record ClaimPair(ClaimRow Row, ClaimRow Other, int Sign, PairedComparison Comparison)
{
    /// <summary>The difference, positive in the claimed direction.</summary>
    public double Oriented => Sign * (Comparison.Difference ?? 0);

    /// <summary>Smallest difference of the interval in the claimed direction.</summary>
    public double? Low => Sign > 0 ? Comparison.Lower : -Comparison.Upper;

    /// <summary>Largest difference of the interval in the claimed direction.</summary>
    public double? High => Sign > 0 ? Comparison.Upper : -Comparison.Lower;

    /// <summary>Whether fewer than nine of ten seeds show the difference.</summary>
    public bool IsCarriedByFewSeeds => Comparison.Seeds > 1 && Comparison.SeedsInDirection < 0.9 * Comparison.Seeds;

    /// <summary>The result with this pair's numbers.</summary>
    public ClaimResult Describe(ClaimResult result) => result with
    {
        Measured = Row.Dataset == Other.Dataset && Row.Model == Other.Model ? $"{Row.Method} minus {Other}" : $"{Row} minus {Other}",
        Value = Comparison.Difference,
        Lower = Comparison.Lower,
        Upper = Comparison.Upper,
        Test = Comparison.Test,
        Count = Comparison.Pairs,
        Seeds = Comparison.Seeds,
        SeedsInDirection = Comparison.SeedsInDirection,
    };
}
