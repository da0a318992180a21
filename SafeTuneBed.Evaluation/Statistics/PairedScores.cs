namespace SafeTuneBed.Statistics;

/// <summary>Two conditions paired seed by seed and item by item; pairs with an unscored side are left out and counted.</summary>
internal sealed class PairedScores
{
    private readonly MetricDefinition definition;
    private readonly List<List<(string Item, double Baseline, double Candidate)>> pairsBySeed = [];
    private int dropped;

    private PairedScores(MetricDefinition definition) => this.definition = definition;

    /// <summary>
    /// Pairs by seed position and item id. One list against several (a model that is not trained has no seeds) is paired with each of them.
    /// </summary>
    /// <exception cref="SafeTuneBedException">The item lists or the numbers of seeds differ.</exception>
    public static PairedScores Pair(
        MetricDefinition definition, IReadOnlyList<IReadOnlyList<SampleScore>> baseline, IReadOnlyList<IReadOnlyList<SampleScore>> candidate)
    {
        int seeds = Math.Max(baseline.Count, candidate.Count);
        if ((baseline.Count != seeds && baseline.Count != 1) || (candidate.Count != seeds && candidate.Count != 1))
        {
            throw new SafeTuneBedException(
                $"'{definition.Name}' has {baseline.Count} seeds on one side and {candidate.Count} on the other, so the runs can't be paired. Run both with the same seeds.");
        }

        var paired = new PairedScores(definition);
        for (int s = 0; s < seeds; s++)
        {
            paired.AddSeed(baseline[Math.Min(s, baseline.Count - 1)], candidate[Math.Min(s, candidate.Count - 1)]);
        }

        return paired;
    }

    /// <summary>The difference, its interval and its p value.</summary>
    public PairedComparison Compare()
    {
        List<(string Item, double Baseline, double Candidate)> pairs = [.. pairsBySeed.SelectMany(p => p)];
        var comparison = new PairedComparison { Pairs = pairs.Count, PairsDropped = dropped, Seeds = pairsBySeed.Count(p => p.Count > 0) };
        bool binary = definition.Kind == MetricKind.Proportion && pairs.All(p => p.Baseline is 0 or 1 && p.Candidate is 0 or 1);
        if (pairs.Count == 0)
        {
            return comparison with { Test = binary ? "mcnemar-mid-p" : "sign-flip" };
        }

        double difference = Difference(pairs);
        comparison = comparison with
        {
            Difference = difference,
            SeedsInDirection = difference == 0 ? 0 : pairsBySeed.Count(p => p.Count > 0 && Math.Sign(Difference(p)) == Math.Sign(difference)),
        };
        return binary ? CompareShares(comparison, pairs) : CompareMeans(comparison, pairs);
    }

    private static PairedComparison CompareShares(PairedComparison comparison, List<(string Item, double Baseline, double Candidate)> pairs)
    {
        int both = pairs.Count(p => p is { Candidate: 1, Baseline: 1 }), candidateOnly = pairs.Count(p => p is { Candidate: 1, Baseline: 0 });
        int baselineOnly = pairs.Count(p => p is { Candidate: 0, Baseline: 1 });
        Interval interval = Intervals.NewcombePaired(both, candidateOnly, baselineOnly, pairs.Count - both - candidateOnly - baselineOnly);
        return comparison with
        {
            Lower = interval.Lower,
            Upper = interval.Upper,
            PValue = PairedTests.McNemarMidP(candidateOnly, baselineOnly),
            Test = "mcnemar-mid-p",
            CandidateOnly = candidateOnly,
            BaselineOnly = baselineOnly,
        };
    }

    /// <summary>The unit is the item: the differences that several seeds give to one item are averaged and flip their sign together.</summary>
    private PairedComparison CompareMeans(PairedComparison comparison, List<(string Item, double Baseline, double Candidate)> pairs)
    {
        double[] perItem = [.. pairs.GroupBy(p => p.Item, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => g.Average(p => p.Candidate - p.Baseline))];
        ulong seed = SeededRandom.SeedOf(definition.Name);
        Interval? interval = perItem.Length > 1 && perItem.Any(d => d != perItem[0]) ? Intervals.Bootstrap(perItem, seed) : null;
        return comparison with { Lower = interval?.Lower, Upper = interval?.Upper, PValue = PairedTests.SignFlip(perItem, seed), Test = "sign-flip" };
    }

    private static double Difference(List<(string Item, double Baseline, double Candidate)> pairs) => pairs.Sum(p => p.Candidate - p.Baseline) / pairs.Count;

    private void AddSeed(IReadOnlyList<SampleScore> baseline, IReadOnlyList<SampleScore> candidate)
    {
        if (baseline.Count == 0 || candidate.Count == 0)
        {
            // A seed that has not run on one side: nothing of it can be paired.
            dropped += Math.Max(baseline.Count, candidate.Count);
            pairsBySeed.Add([]);
            return;
        }

        List<string> items = [.. baseline.Select(s => s.ItemId)];
        IReadOnlyList<double?> first = ItemScores.InOrder(definition, baseline, items), second = ItemScores.InOrder(definition, candidate, items);
        var pairs = new List<(string Item, double Baseline, double Candidate)>();
        for (int i = 0; i < items.Count; i++)
        {
            if (first[i] is { } b && second[i] is { } c)
            {
                pairs.Add((items[i], b, c));
            }
            else
            {
                dropped++;
            }
        }

        pairsBySeed.Add(pairs);
    }
}
