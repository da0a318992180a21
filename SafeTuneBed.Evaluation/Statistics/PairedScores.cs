namespace SafeTuneBed.Statistics;

/// <summary>Two conditions paired seed by seed and item by item; pairs with an unscored side are left out and counted.</summary>
internal sealed class PairedScores
{
    private readonly MetricDefinition definition;
    private readonly List<List<ItemPair>> pairsBySeed = [];
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
        List<ItemPair> pairs = [.. pairsBySeed.SelectMany(p => p)];
        var comparison = new PairedComparison { Pairs = pairs.Count, PairsDropped = dropped, Seeds = pairsBySeed.Count(p => p.Count > 0) };
        bool binary = definition.Kind == MetricKind.Proportion && pairs.All(p => p is { Baseline: 0 or 1, Candidate: 0 or 1, Weight: 1 });
        if (pairs.Count == 0)
        {
            return comparison with { Test = binary ? "mcnemar-mid-p" : "sign-flip" };
        }

        double difference = definition.Kind is MetricKind.Proportion or MetricKind.Mean ? Difference(pairs) : pairsBySeed.Where(p => p.Count > 0).Average(Difference);
        comparison = comparison with
        {
            Difference = difference,
            SeedsInDirection = difference == 0 ? 0 : pairsBySeed.Count(p => p.Count > 0 && Math.Sign(Difference(p)) == Math.Sign(difference)),
        };
        return binary ? CompareShares(comparison, pairs)
            : definition.Kind is MetricKind.Proportion or MetricKind.Mean ? CompareMeans(comparison, pairs)
            : new PairedSets(definition, [.. pairsBySeed.Where(p => p.Count > 0).Select(p => p.Select(x => (x.First, x.Second)).ToArray())]).Compare(comparison);
    }

    private static PairedComparison CompareShares(PairedComparison comparison, List<ItemPair> pairs)
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
    private PairedComparison CompareMeans(PairedComparison comparison, List<ItemPair> pairs)
    {
        (double Sum, double Count)[] perItem =
        [
            .. pairs.GroupBy(p => p.Item, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => (g.Average(p => p.Weight * (p.Candidate - p.Baseline)), g.Average(p => p.Weight))),
        ];
        ulong seed = SeededRandom.SeedOf(definition.Name);
        Interval? interval = perItem.Length > 1 && perItem.Any(d => d.Sum / d.Count != perItem[0].Sum / perItem[0].Count)
            ? Resampling.BiasCorrected(perItem, new SeededRandom(seed), 10_000, 0.95)
            : null;
        return comparison with { Lower = interval?.Lower, Upper = interval?.Upper, PValue = PairedTests.SignFlip([.. perItem.Select(d => d.Sum)], seed), Test = "sign-flip" };
    }

    private double Difference(List<ItemPair> pairs) => definition.Kind is MetricKind.Proportion or MetricKind.Mean
        ? pairs.Sum(p => p.Weight * (p.Candidate - p.Baseline)) / pairs.Sum(p => p.Weight)
        : SetStatistic.Of(definition.Kind, [.. pairs.Select(p => p.Second)])!.Value - SetStatistic.Of(definition.Kind, [.. pairs.Select(p => p.First)])!.Value;

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
        IReadOnlyList<SampleScore> first = ItemScores.InOrder(definition, baseline, items), second = ItemScores.InOrder(definition, candidate, items);
        var pairs = new List<ItemPair>();
        for (int i = 0; i < items.Count; i++)
        {
            if (first[i].Value is not null && second[i].Value is not null)
            {
                pairs.Add(new ItemPair(first[i], second[i]));
            }
            else
            {
                dropped++;
            }
        }

        pairsBySeed.Add(pairs);
    }

    /// <summary>One item under both conditions, scored in both.</summary>
    private sealed record ItemPair(SampleScore First, SampleScore Second)
    {
        public string Item => First.ItemId;

        public double Baseline => First.Value!.Value;

        public double Candidate => Second.Value!.Value;

        public double Weight => First.Weight ?? 1;
    }
}
