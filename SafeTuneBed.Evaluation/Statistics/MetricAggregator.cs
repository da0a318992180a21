namespace SafeTuneBed.Statistics;

/// <summary>
/// Turns scores into numbers with 95 % intervals, and pairs of conditions into tests. Pure: the same scores give the same numbers, whatever their order
/// and the machine.
/// </summary>
internal sealed class MetricAggregator : IMetricAggregator
{
    /// <summary>Names of the intervals, as <see cref="MetricValue.IntervalMethod"/> shows them.</summary>
    internal const string WilsonMethod = "wilson", BootstrapMethod = "bca-bootstrap", HierarchicalMethod = "hierarchical-bootstrap", ConstantBoundMethod = "constant-bound", ConstantMethod = "constant";

    // 0 to 1, 1 to 5, 1 to 10: what judges grade on.
    private const double WidestGradeScale = 10;

    /// <inheritdoc/>
    public MetricValue Aggregate(string key, MetricDefinition definition, IReadOnlyList<SampleScore> scores) => Pool(key, definition, [scores]);

    /// <inheritdoc/>
    public MetricValue Pool(string key, MetricDefinition definition, IReadOnlyList<IReadOnlyList<SampleScore>> scoresBySeed)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(scoresBySeed);
        ItemScores scores = ItemScores.Align(definition, scoresBySeed);
        double?[] seedValues = [.. scores.BySeed.Select(Mean)];
        (Interval? interval, string? method) = FindInterval(key, definition, scores);
        return new MetricValue
        {
            Key = key,
            DefinitionVersion = definition.Version,
            Direction = definition.Direction,
            Kind = definition.Kind,
            Value = seedValues.Average(),
            Lower = interval?.Lower,
            Upper = interval?.Upper,
            IntervalMethod = method,
            Count = scoresBySeed.Sum(s => s.Count),
            Unscored = scoresBySeed.SelectMany(s => s).Where(s => s.Value is null)
                .GroupBy(s => s.UnscoredReason ?? UnscoredReason.NotApplicable).OrderBy(g => g.Key).ToDictionary(g => g.Key, g => g.Count()),
            Lowest = scoresBySeed.Select(s => Bound(s, definition.Minimum)).Average(),
            Highest = scoresBySeed.Select(s => Bound(s, definition.Maximum)).Average(),
            Seeds = scoresBySeed.Count,
            SeedValues = seedValues,
            Heading = definition.Heading.Length > 0 ? definition.Heading : definition.Name[(definition.Name.LastIndexOf('/') + 1)..].Replace('-', ' '),
            IsHeadline = definition.IsHeadline,
            Description = definition.Description,
        };
    }

    /// <inheritdoc/>
    public PairedComparison Compare(
        MetricDefinition definition, IReadOnlyList<IReadOnlyList<SampleScore>> baseline, IReadOnlyList<IReadOnlyList<SampleScore>> candidate)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(baseline);
        ArgumentNullException.ThrowIfNull(candidate);
        return PairedScores.Pair(definition, baseline, candidate).Compare();
    }

    /// <inheritdoc/>
    public IReadOnlyList<PairedComparison> Adjust(IReadOnlyList<PairedComparison> family)
    {
        ArgumentNullException.ThrowIfNull(family);
        var adjusted = new Queue<double>(PairedTests.Holm([.. family.Where(c => c.PValue is not null).Select(c => c.PValue!.Value)]));
        return [.. family.Select(c => c with { AdjustedPValue = c.PValue is null ? null : adjusted.Dequeue() })];
    }

    private static (Interval? Interval, string? Method) FindInterval(string key, MetricDefinition definition, ItemScores scores)
    {
        double[] all = [.. scores.BySeed.SelectMany(s => s).OfType<double>()];
        if (all.Length == 0)
        {
            return (null, null);
        }

        bool constant = all.All(v => v == all[0]);
        ulong seed = SeededRandom.SeedOf(key);
        if (scores.BySeed.Count(s => s.Count > 0) > 1 && !constant)
        {
            return (Intervals.HierarchicalBootstrap([.. scores.BySeed.Where(s => s.Count > 0)], seed).Clip(definition.Minimum, definition.Maximum), HierarchicalMethod);
        }

        // Where all seeds agree on everything resampling sees no spread, and repeated answers to one item are no new evidence: items count once.
        int n = Enumerable.Range(0, scores.Items.Count).Count(i => scores.BySeed.Any(s => s.Count > 0 && s[i] is not null));
        return definition.Kind == MetricKind.Proportion
            ? (Intervals.Wilson(constant ? all[0] * n : all.Sum(), n), WilsonMethod)
            : constant
                ? ConstantBound(all[0], n, definition)
                : (Intervals.Bootstrap([.. all.Order()], seed).Clip(definition.Minimum, definition.Maximum), BootstrapMethod);
    }

    /// <summary>
    /// n equal scores: at most the share u of all items scores otherwise, where u is Wilson's upper end of 0 of n, so the mean can't lie further off than
    /// if that share scored at an end of the scale. That says something on a scale of grades. Where the declared range is wide, a formality such as "0 to 1,000
    /// characters", it would be a statement about the declaration: there is then no interval, and its method says why.
    /// </summary>
    private static (Interval? Interval, string Method) ConstantBound(double value, int n, MetricDefinition definition)
    {
        if (definition.Maximum - definition.Minimum > WidestGradeScale)
        {
            return (null, ConstantMethod);
        }

        double share = Intervals.Wilson(0, n).Upper;
        return (new Interval(value - (share * (value - definition.Minimum)), value + (share * (definition.Maximum - value))), ConstantBoundMethod);
    }

    private static double? Mean(IReadOnlyList<double?> values) => values.Average();

    private static double? Bound(IReadOnlyList<SampleScore> scores, double imputed) =>
        scores.Where(s => s.Value is not null || s.UnscoredReason != UnscoredReason.NotApplicable).Average(s => (double?)(s.Value ?? imputed));
}
