namespace SafeTuneBed.Statistics;

/// <summary>
/// Turns scores into numbers with 95 % intervals, and pairs of conditions into tests. Pure: the same scores give the same numbers, whatever their order
/// and the machine.
/// </summary>
internal sealed class MetricAggregator : IMetricAggregator
{
    /// <inheritdoc/>
    public MetricValue Aggregate(string key, MetricDefinition definition, IReadOnlyList<SampleScore> scores) => Pool(key, definition, [scores]);

    /// <inheritdoc/>
    public MetricValue Pool(string key, MetricDefinition definition, IReadOnlyList<IReadOnlyList<SampleScore>> scoresBySeed)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(scoresBySeed);
        ItemScores scores = ItemScores.Align(definition, scoresBySeed);
        double?[] seedValues = [.. scores.Scores.Select(s => SetStatistic.Of(definition.Kind, s))];
        (Interval? interval, string? method) = IntervalFinder.Find(key, definition, scores);
        return new MetricValue
        {
            Key = key,
            DefinitionVersion = definition.Version,
            Direction = definition.Direction,
            Kind = definition.Kind,
            Minimum = definition.Minimum,
            Maximum = definition.Maximum,
            Value = seedValues.Average(),
            Lower = interval?.Lower,
            Upper = interval?.Upper,
            IntervalMethod = method,
            Count = scoresBySeed.Sum(s => s.Count),
            Unscored = scoresBySeed.SelectMany(s => s).Where(s => s.Value is null)
                .GroupBy(s => s.UnscoredReason ?? UnscoredReason.NotApplicable).OrderBy(g => g.Key).ToDictionary(g => g.Key, g => g.Count()),
            Lowest = scoresBySeed.Select(s => Bound(definition, s, definition.Minimum)).Average(),
            Highest = scoresBySeed.Select(s => Bound(definition, s, definition.Maximum)).Average(),
            Groups = definition.ReportsGroups ? MetricGroups.Of(definition, scores) : [],
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

    // Where the scale has no end, or classes are counted, nothing can be said of items without a score.
    private static double? Bound(MetricDefinition definition, IReadOnlyList<SampleScore> scores, double imputed)
    {
        SampleScore[] applicable = [.. scores.Where(s => s.Value is not null || s.UnscoredReason != UnscoredReason.NotApplicable)];
        return applicable.All(s => s.Value is not null) ? SetStatistic.Of(definition.Kind, applicable)
            : definition.Kind is MetricKind.Perplexity or MetricKind.MacroF1 ? null
            : SetStatistic.Of(definition.Kind, [.. applicable.Select(s => s with { Value = s.Value ?? imputed })]);
    }
}
