namespace SafeTuneBed.Statistics;

/// <summary>Chooses and makes the 95 % interval of a number.</summary>
internal static class IntervalFinder
{
    /// <summary>Names of the intervals, as <see cref="MetricValue.IntervalMethod"/> shows them.</summary>
    internal const string Wilson = "wilson", Bootstrap = "bca-bootstrap", Clustered = "clustered-bootstrap", Percentile = "percentile-bootstrap",
        Hierarchical = "hierarchical-bootstrap", ConstantBound = "constant-bound", Constant = "constant";

    // With fewer groups their resampling says little: items then count as independent.
    private const int FewestClusters = 20;

    private const int Resamples = 10_000, SetResamples = 2_000;
    private const double Confidence = 0.95;

    // 0 to 1, 1 to 5, 1 to 10: what judges grade on.
    private const double WidestGradeScale = 10;

    /// <summary>The interval and its name; null where nothing is scored.</summary>
    public static (Interval? Interval, string? Method) Find(string key, MetricDefinition definition, ItemScores scores)
    {
        double[] all = [.. scores.BySeed.SelectMany(s => s).OfType<double>()];
        if (all.Length == 0)
        {
            return (null, null);
        }

        ulong seed = SeededRandom.SeedOf(key);
        SampleScore[][] seeds = [.. scores.Scores.Where(s => s.Count > 0).Select(s => s.ToArray())];
        bool isConstant = all.All(v => v == all[0]);
        if (definition.Kind is MetricKind.Proportion or MetricKind.Mean && isConstant)
        {
            return OfConstant(all[0], scores, definition);
        }

        if (isConstant)
        {
            return (null, Constant);
        }

        IReadOnlyList<int[]> units = Units(definition, seeds[0]);
        bool isClustered = units.Count < seeds[0].Length;
        bool isPlain = definition.Kind is MetricKind.Proportion or MetricKind.Mean && !isClustered && seeds.All(s => s.All(x => x.Weight is null));
        if (seeds.Length > 1)
        {
            Interval? drawn = isPlain
                ? Intervals.HierarchicalBootstrap([.. scores.BySeed.Where(s => s.Count > 0)], seed)
                : Resampling.Percentiles([.. seeds.Select(s => SetStatistic.Prepare(definition.Kind, s))], units, seeds[0].Length, new SeededRandom(seed), SetResamples, Confidence);
            return (drawn?.Clip(definition.Minimum, definition.Maximum), Hierarchical);
        }

        return isPlain
            ? definition.Kind == MetricKind.Proportion
                ? (Intervals.Wilson(all.Sum(), all.Length), Wilson)
                : (Intervals.Bootstrap([.. all.Order()], seed).Clip(definition.Minimum, definition.Maximum), Bootstrap)
            : OfSet(definition, seeds[0], units, isClustered, seed);
    }

    private static (Interval? Interval, string? Method) OfSet(MetricDefinition definition, SampleScore[] scores, IReadOnlyList<int[]> units, bool isClustered, ulong seed)
    {
        var random = new SeededRandom(seed);
        if (definition.Kind == MetricKind.MacroF1)
        {
            return (Resampling.Percentiles([SetStatistic.Prepare(definition.Kind, scores)], units, scores.Length, random, SetResamples, Confidence), Percentile);
        }

        (double Sum, double Count)[] groups =
        [
            .. units.Select(u => u.Where(i => scores[i].Value is not null).Select(i => scores[i]).ToArray()).Where(u => u.Length > 0)
                .Select(u => (u.Sum(s => s.Value!.Value * (s.Weight ?? 1)), u.Sum(s => s.Weight ?? 1))).OrderBy(g => g.Item1).ThenBy(g => g.Item2),
        ];
        Interval mean = Resampling.BiasCorrected(groups, random, Resamples, Confidence);
        Interval interval = definition.Kind == MetricKind.Perplexity ? new Interval(Math.Exp(mean.Lower), Math.Exp(mean.Upper)) : mean.Clip(definition.Minimum, definition.Maximum);
        return (interval, isClustered ? Clustered : Bootstrap);
    }

    /// <summary>What is resampled together: single items, or the groups that the definition names where there are enough of them.</summary>
    private static IReadOnlyList<int[]> Units(MetricDefinition definition, SampleScore[] scores)
    {
        int[][] alone = [.. Enumerable.Range(0, scores.Length).Select(i => new[] { i })];
        if (definition.ClusterBy is not { } kind || scores.Any(s => s.Groups?.ContainsKey(kind) != true))
        {
            return alone;
        }

        int[][] groups = [.. Enumerable.Range(0, scores.Length).GroupBy(i => scores[i].Groups![kind], StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => g.ToArray())];
        return groups.Length < FewestClusters ? alone : groups;
    }

    // Where all seeds agree on everything resampling sees no spread, and repeated answers to one item are no new evidence: items count once.
    private static (Interval? Interval, string Method) OfConstant(double value, ItemScores scores, MetricDefinition definition)
    {
        int n = Enumerable.Range(0, scores.Items.Count).Count(i => scores.BySeed.Any(s => s.Count > 0 && s[i] is not null));
        return definition.Kind == MetricKind.Proportion ? (Intervals.Wilson(value * n, n), Wilson) : BoundConstant(value, n, definition);
    }

    /// <summary>
    /// n equal scores: at most the share u of all items scores otherwise, where u is Wilson's upper end of 0 of n, so the mean can't lie further off than
    /// if that share scored at an end of the scale. That says something on a scale of grades. Where the declared range is wide, a formality such as "0 to 1,000
    /// characters", it would be a statement about the declaration: there is then no interval, and its method says why.
    /// </summary>
    private static (Interval? Interval, string Method) BoundConstant(double value, int n, MetricDefinition definition)
    {
        if (definition.Maximum - definition.Minimum > WidestGradeScale)
        {
            return (null, Constant);
        }

        double share = Intervals.Wilson(0, n).Upper;
        return (new Interval(value - (share * (value - definition.Minimum)), value + (share * (definition.Maximum - value))), ConstantBound);
    }
}
