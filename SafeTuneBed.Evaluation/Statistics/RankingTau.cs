namespace SafeTuneBed.Statistics;

/// <summary>How alike two judges rank the same conditions, and how sure that is: both see the same resamples of items and seeds.</summary>
internal static class RankingTau
{
    private const int Resamples = 2_000;

    /// <summary>Kendall's tau-b with its percentile interval, and the share of resamples in which both have the same condition first.</summary>
    public static (AgreementEstimate Tau, double SameBest) Of(ConditionSet first, ConditionSet second, string seed)
    {
        double[] Means(ConditionSet set) => [.. set.Observed.Select(c => c.Average())];
        double? observed = Agreement.KendallTau(Means(first), Means(second));
        var random = new SeededRandom(SeededRandom.SeedOf(seed));
        var taus = new List<double>(Resamples);
        double same = 0;
        for (int b = 0; b < Resamples; b++)
        {
            (int[] Times, int[] Seeds) draw = first.Draw(random);
            double[] one = first.Badness(draw), other = second.Badness(draw);
            if (Agreement.KendallTau(one, other) is { } tau)
            {
                taus.Add(tau);
            }

            double[] bests = [.. one.Zip(other).Select(p => (p.First == one.Min() ? 1.0 : 0) * (p.Second == other.Min() ? 1.0 : 0))];
            same += bests.Sum() / (one.Count(v => v == one.Min()) * other.Count(v => v == other.Min()));
        }

        Interval? interval = observed is null || taus.Count == 0 || first.Items < 2 ? null : Resampling.Quantiles(taus, 0.95);
        return (new AgreementEstimate(observed, interval?.Lower, interval?.Upper), same / Resamples);
    }
}
