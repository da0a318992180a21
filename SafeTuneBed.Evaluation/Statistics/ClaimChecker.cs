using System.Globalization;
using SafeTuneBed.Reporting;

namespace SafeTuneBed.Statistics;

/// <summary>
/// Decides claims by 95 % intervals. An order of several rows holds where each of its pairs does (an intersection of tests: its p is the largest of the pairs'), and falls with any of
/// them.
/// </summary>
internal static class ClaimChecker
{
    private const double Level = 0.05;

    /// <summary>One result a claim, in their order.</summary>
    /// <exception cref="ConfigurationException">Two claims have one name.</exception>
    public static IReadOnlyList<ClaimResult> Check(GridReport report, IReadOnlyList<Claim> claims)
    {
        if (claims.GroupBy(c => c.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ConfigurationException($"There are {twice.Count()} claims named '{twice.Key}'. Give each its own name.");
        }

        ClaimEvidence[] evidence = [.. claims.Select(c => ClaimEvidence.Of(report, c))];
        double[] family = [.. evidence.Select(e => e.PValue).OfType<double>()];
        var adjusted = new Queue<double>(PairedTests.Holm(family));
        return [.. evidence.Select(e => Decide(e, e.PValue is null ? null : adjusted.Dequeue()))];
    }

    private static ClaimResult Decide(ClaimEvidence evidence, double? adjusted)
    {
        var result = new ClaimResult { Claim = evidence.Claim, Verdict = ClaimVerdict.Undecided, Kind = evidence.Kind };
        if (evidence.Missing is { } missing)
        {
            return result with { Reason = missing };
        }

        return evidence.Claim.Form switch
        {
            ClaimForm.Between => DecideValue(result, evidence.Value!),
            ClaimForm.Same => DecideSame(result, evidence.Pairs[0]),
            _ => DecideOrder(result, evidence, adjusted),
        };
    }

    private static ClaimResult DecideValue(ClaimResult result, MetricValue value)
    {
        (double minimum, double maximum) = (result.Claim.Minimum ?? double.NegativeInfinity, result.Claim.Maximum ?? double.PositiveInfinity);
        string range = Range(result.Claim, value.Kind);
        result = result with
        {
            Measured = result.Claim.Rows[0].ToString(), Value = value.Value, Lower = value.Lower, Upper = value.Upper, Count = value.ScoredCount, Seeds = value.Seeds,
        };
        return value is not { Lower: { } lower, Upper: { } upper } ? result with { Reason = "The value has no interval." }
            : lower >= minimum && upper <= maximum ? result with { Verdict = ClaimVerdict.Reproduced, Reason = $"The interval lies within {range}." }
            : upper < minimum || lower > maximum ? result with { Verdict = ClaimVerdict.NotReproduced, Reason = $"The interval lies {(upper < minimum ? "below" : "above")} {range}." }
            : result with { Reason = $"The interval reaches out of {range}." };
    }

    private static ClaimResult DecideSame(ClaimResult result, ClaimPair pair)
    {
        result = pair.Describe(result);
        string tolerance = ReportFormat.Number(result.Claim.Margin, result.Kind) + ReportFormat.Unit(result.Kind);
        return result is not { Lower: { } lower, Upper: { } upper } ? result with { Reason = "The difference has no interval." }
            : lower >= -result.Claim.Margin && upper <= result.Claim.Margin ? result with { Verdict = ClaimVerdict.Reproduced, Reason = $"No difference larger than {tolerance} is in the interval." }
            : lower > result.Claim.Margin || upper < -result.Claim.Margin ? result with { Verdict = ClaimVerdict.NotReproduced, Reason = $"Every difference in the interval is larger than {tolerance}." }
            : result with { Reason = $"The interval holds differences below and above {tolerance}." };
    }

    private static ClaimResult DecideOrder(ClaimResult result, ClaimEvidence evidence, double? adjusted)
    {
        double margin = result.Claim.Margin;
        ClaimPair? refuted = evidence.Pairs.Where(p => p.High <= margin).OrderBy(p => p.High).FirstOrDefault();
        ClaimPair deciding = refuted ?? evidence.Pairs.OrderBy(p => p.Low ?? double.NegativeInfinity).First();
        result = deciding.Describe(result) with { PValue = evidence.PValue, AdjustedPValue = adjusted };
        string beyond = margin > 0 ? $" larger than {ReportFormat.Number(margin, result.Kind)}{ReportFormat.Unit(result.Kind)}" : "";
        if (deciding.Low is null)
        {
            return result with { Reason = "The difference has no interval." };
        }

        if (refuted is not null)
        {
            return refuted.Oriented < 0 && refuted.IsCarriedByFewSeeds
                ? result with { Reason = FewSeeds(refuted) }
                : result with { Verdict = ClaimVerdict.NotReproduced, Reason = $"The interval holds no difference{beyond} in the claimed direction." };
        }

        if (evidence.Pairs.Any(p => p.Low is null || p.Low <= margin))
        {
            return result with { Reason = $"The interval holds differences{beyond} in the claimed direction, and others." };
        }

        return evidence.Pairs.FirstOrDefault(p => p.IsCarriedByFewSeeds) is { } few ? few.Describe(result) with { Reason = FewSeeds(few) }
            : adjusted is not < Level ? result with { Reason = "p is not below .05 after the correction for all claims." }
            : result with { Verdict = ClaimVerdict.Reproduced, Reason = $"The interval holds only differences{beyond} in the claimed direction.{(deciding.Comparison.Seeds == 1 ? " One seed: nothing is known of others." : "")}" };
    }

    private static string FewSeeds(ClaimPair pair) =>
        string.Create(CultureInfo.InvariantCulture, $"Only {pair.Comparison.SeedsInDirection} of {pair.Comparison.Seeds} seeds show the difference: single runs carry it.");

    private static string Range(Claim claim, MetricKind kind)
    {
        string unit = ReportFormat.Unit(kind);
        return claim switch
        {
            { Minimum: { } low, Maximum: { } high } => $"{ReportFormat.Number(low, kind)} to {ReportFormat.Number(high, kind)}{unit}",
            { Minimum: { } low } => $"{ReportFormat.Number(low, kind)}{unit} and more",
            { Maximum: { } high } => $"{ReportFormat.Number(high, kind)}{unit} and less",
            _ => "any value",
        };
    }
}
