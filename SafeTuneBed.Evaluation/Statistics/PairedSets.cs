namespace SafeTuneBed.Statistics;

/// <summary>
/// Two conditions compared on a number that items have together, such as macro-F1 or perplexity: items are resampled for the interval, and for the test it is left to
/// chance which condition each item's two scores belong to (all seeds of an item together).
/// </summary>
/// <param name="definition">The metric.</param>
/// <param name="bySeed">For each seed the items scored under both conditions.</param>
internal sealed class PairedSets(MetricDefinition definition, IReadOnlyList<(SampleScore Baseline, SampleScore Candidate)[]> bySeed)
{
    private const int Draws = 2_000;

    /// <summary>The comparison with its interval and p value.</summary>
    public PairedComparison Compare(PairedComparison comparison)
    {
        string[] items = [.. bySeed.SelectMany(s => s.Select(p => p.Baseline.ItemId)).Distinct().Order(StringComparer.Ordinal)];
        Dictionary<string, int> places = items.Index().ToDictionary(i => i.Item, i => i.Index, StringComparer.Ordinal);
        ulong seed = SeededRandom.SeedOf(definition.Name);
        Interval? interval = items.Length < 2
            ? null
            : Resampling.Percentiles([.. bySeed.Select(s => Difference(s, places))], [.. items.Select((_, i) => new[] { i })], items.Length, new SeededRandom(seed), Draws, 0.95);
        return comparison with { Lower = interval?.Lower, Upper = interval?.Upper, PValue = Permute(comparison.Difference ?? 0, places, new SeededRandom(seed)), Test = "permutation" };
    }

    private Func<int[], double?> Difference((SampleScore Baseline, SampleScore Candidate)[] pairs, Dictionary<string, int> places)
    {
        Func<int[], double?> first = SetStatistic.Prepare(definition.Kind, [.. pairs.Select(p => p.Baseline)]), second = SetStatistic.Prepare(definition.Kind, [.. pairs.Select(p => p.Candidate)]);
        int[] at = [.. pairs.Select(p => places[p.Baseline.ItemId])];
        return times =>
        {
            int[] own = [.. at.Select(i => times[i])];
            return second(own) - first(own);
        };
    }

    // The observed assignment counts as one draw, so that p is never 0.
    private double Permute(double observed, Dictionary<string, int> places, SeededRandom random)
    {
        double threshold = Math.Abs(observed) * (1 - 1e-9);
        int extreme = 1;
        bool[] swapped = new bool[places.Count];
        for (int draw = 0; draw < Draws; draw++)
        {
            ulong bits = 0;
            for (int i = 0; i < swapped.Length; i++)
            {
                bits = (i & 63) == 0 ? random.NextBits() : bits >> 1;
                swapped[i] = (bits & 1) == 1;
            }

            double mean = bySeed.Average(pairs =>
            {
                SampleScore[] first = new SampleScore[pairs.Length], second = new SampleScore[pairs.Length];
                for (int k = 0; k < pairs.Length; k++)
                {
                    (first[k], second[k]) = swapped[places[pairs[k].Baseline.ItemId]] ? (pairs[k].Candidate, pairs[k].Baseline) : pairs[k];
                }

                return SetStatistic.Of(definition.Kind, second)!.Value - SetStatistic.Of(definition.Kind, first)!.Value;
            });
            extreme += Math.Abs(mean) >= threshold ? 1 : 0;
        }

        return extreme / (Draws + 1.0);
    }
}
