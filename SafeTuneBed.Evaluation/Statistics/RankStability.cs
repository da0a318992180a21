namespace SafeTuneBed.Statistics;

/// <summary>How sure the order of several conditions is: what it would be on other items and seeds of the same kind.</summary>
internal sealed class RankStability
{
    private const int Resamples = 2_000;

    private RankStability()
    {
    }

    /// <summary>For each condition the share of resamples in which it is the best; of equals each counts in part.</summary>
    public required IReadOnlyList<double> BestShares { get; init; }

    /// <summary>For each condition the share of resamples in which it is better than the next one of the observed order, half of the ties included; null for the last.</summary>
    public required IReadOnlyList<double?> AheadShares { get; init; }

    /// <summary>Mean rank correlation (Kendall's tau-b) between seeds; null with fewer than two seeds, or where a seed knows no order.</summary>
    public required double? SeedTau { get; init; }

    /// <summary>Resamples seeds and items together, the same ones for all conditions.</summary>
    /// <param name="definition">The metric.</param>
    /// <param name="conditions">For each condition the scores of each seed; a single seed stands beside several.</param>
    /// <param name="lowerIsBetter">Which way is better.</param>
    public static RankStability Of(MetricDefinition definition, IReadOnlyList<IReadOnlyList<IReadOnlyList<SampleScore>>> conditions, bool lowerIsBetter)
    {
        var set = new ConditionSet(definition, conditions, lowerIsBetter);
        int seeds = set.Seeds;
        double[][] observed = set.Observed;
        int[] order = [.. Enumerable.Range(0, conditions.Count).OrderBy(c => observed[c].Average())];
        double[] best = new double[conditions.Count], ahead = new double[conditions.Count];
        var random = new SeededRandom(SeededRandom.SeedOf(definition.Name));
        for (int b = 0; b < Resamples; b++)
        {
            double[] values = set.Badness(set.Draw(random));
            double least = values.Min();
            int[] leaders = [.. Enumerable.Range(0, values.Length).Where(c => values[c] == least)];
            foreach (int leader in leaders)
            {
                best[leader] += 1.0 / leaders.Length;
            }

            for (int k = 0; k + 1 < order.Length; k++)
            {
                ahead[order[k]] += values[order[k]] < values[order[k + 1]] ? 1 : values[order[k]] == values[order[k + 1]] ? 0.5 : 0;
            }
        }

        return new RankStability
        {
            BestShares = [.. best.Select(x => x / Resamples)],
            AheadShares = [.. Enumerable.Range(0, conditions.Count).Select(c => c == order[^1] ? (double?)null : ahead[c] / Resamples)],
            SeedTau = TauBetweenSeeds(observed, seeds),
        };
    }

    private static double? TauBetweenSeeds(double[][] observed, int seeds)
    {
        double?[] taus =
        [
            .. from a in Enumerable.Range(0, seeds)
               from b in Enumerable.Range(a + 1, seeds - a - 1)
               select Agreement.KendallTau([.. observed.Select(c => c[a])], [.. observed.Select(c => c[b])]),
        ];
        return taus.Length == 0 || taus.Any(t => t is null) ? null : taus.Average();
    }
}
