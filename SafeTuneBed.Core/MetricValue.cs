namespace SafeTuneBed;

/// <summary>One reported number with its uncertainty. Shares are fractions; formatting happens at output only.</summary>
public sealed record MetricValue
{
    /// <summary><c>evaluator/variant/statistic</c>.</summary>
    public required string Key { get; init; }

    /// <summary>The version of the definition that made it.</summary>
    public int DefinitionVersion { get; init; } = 1;

    /// <summary>Which way is better.</summary>
    public Direction Direction { get; init; }

    /// <summary>Kind of number.</summary>
    public MetricKind Kind { get; init; }

    /// <summary>Smallest possible score.</summary>
    public double Minimum { get; init; }

    /// <summary>Largest possible score.</summary>
    public double Maximum { get; init; } = 1;

    /// <summary>The value, or null when nothing was scored.</summary>
    public double? Value { get; init; }

    /// <summary>Lower end of the 95 % interval.</summary>
    public double? Lower { get; init; }

    /// <summary>Upper end of the 95 % interval.</summary>
    public double? Upper { get; init; }

    /// <summary>How the interval was made: <c>wilson</c>, <c>bca-bootstrap</c>, <c>hierarchical-bootstrap</c>, ...; <c>constant</c> says why there is none.</summary>
    public string? IntervalMethod { get; init; }

    /// <summary>Items asked (all seeds together).</summary>
    public int Count { get; init; }

    /// <summary>Items without a score, by reason.</summary>
    public IReadOnlyDictionary<UnscoredReason, int> Unscored { get; init; } = new Dictionary<UnscoredReason, int>();

    /// <summary>Items without a score.</summary>
    public int UnscoredCount => Unscored.Values.Sum();

    /// <summary>Items with a score.</summary>
    public int ScoredCount => Count - UnscoredCount;

    /// <summary>Items that the metric does not apply to: they are no part of it, and no gap in it either.</summary>
    public int NotApplicableCount => Unscored.TryGetValue(UnscoredReason.NotApplicable, out int count) ? count : 0;

    /// <summary>
    /// True when more than 2 % of the items that the metric applies to have no score: the number is then to be read with
    /// <see cref="Lowest"/> and <see cref="Highest"/>.
    /// </summary>
    public bool IsIncomplete => UnscoredCount - NotApplicableCount > MaximumUnscoredShare * (Count - NotApplicableCount);

    /// <summary>The value if every item without a score had the smallest score; items that the metric does not apply to stay out.</summary>
    public double? Lowest { get; init; }

    /// <summary>The value if every item without a score had the largest score; items that the metric does not apply to stay out.</summary>
    public double? Highest { get; init; }

    /// <summary>Training seeds behind the number.</summary>
    public int Seeds { get; init; } = 1;

    /// <summary>The value of each seed, in the order of the seeds; one entry for a single seed.</summary>
    public IReadOnlyList<double?> SeedValues { get; init; } = [];

    /// <summary>The same number for parts of the items, such as the subjects of a test; empty where scores name no groups.</summary>
    public IReadOnlyList<GroupValue> Groups { get; init; } = [];

    /// <summary>Column heading.</summary>
    public string Heading { get; init; } = "";

    /// <summary>Whether summary tables show it.</summary>
    public bool IsHeadline { get; init; }

    /// <summary>What it counts, in one sentence; empty where its definition does not say.</summary>
    public string Description { get; init; } = "";

    private const double MaximumUnscoredShare = 0.02;
}

/// <summary>A number for a part of the items.</summary>
/// <param name="Kind">What divides the items, such as <c>subject</c>.</param>
/// <param name="Name">The part, such as <c>anatomy</c>.</param>
/// <param name="Value">The value, or null when nothing was scored.</param>
/// <param name="Count">Items asked (all seeds together).</param>
/// <param name="ScoredCount">Items with a score.</param>
public sealed record GroupValue(string Kind, string Name, double? Value, int Count, int ScoredCount)
{
    /// <summary>Lower end of the 95 % interval (Wilson's, of shares); null where there is none.</summary>
    public double? Lower { get; init; }

    /// <summary>Upper end of the 95 % interval.</summary>
    public double? Upper { get; init; }
}

/// <summary>Two conditions compared on the same items.</summary>
public sealed record PairedComparison
{
    /// <summary>Candidate minus baseline, in the metric's unit; null when nothing could be paired.</summary>
    public double? Difference { get; init; }

    /// <summary>Lower end of the 95 % interval of the difference.</summary>
    public double? Lower { get; init; }

    /// <summary>Upper end of the 95 % interval of the difference.</summary>
    public double? Upper { get; init; }

    /// <summary>Two-sided p value.</summary>
    public double? PValue { get; init; }

    /// <summary>The p value after correction for the comparisons of its table; null before.</summary>
    public double? AdjustedPValue { get; init; }

    /// <summary>The test: <c>mcnemar-mid-p</c>, <c>sign-flip</c>, ...</summary>
    public string Test { get; init; } = "";

    /// <summary>Pairs compared.</summary>
    public int Pairs { get; init; }

    /// <summary>Pairs in which only the candidate scored 1 (binary metrics).</summary>
    public int CandidateOnly { get; init; }

    /// <summary>Pairs in which only the baseline scored 1 (binary metrics).</summary>
    public int BaselineOnly { get; init; }

    /// <summary>Pairs left out because one side or both had no score.</summary>
    public int PairsDropped { get; init; }

    /// <summary>Seeds compared.</summary>
    public int Seeds { get; init; } = 1;

    /// <summary>
    /// Seeds whose own difference has the sign of <see cref="Difference"/>; 0 when that is 0. The p value counts the pairs of different seeds as
    /// independent, which a method that varies from seed to seed does not honor: believe a small p only where nearly all seeds agree.
    /// </summary>
    public int SeedsInDirection { get; init; }
}

/// <summary>Turns scores into numbers with uncertainty; pure. The evaluation package registers one.</summary>
public interface IMetricAggregator
{
    /// <summary>One cell: the scores of one metric over one item list. <paramref name="key"/> is the full metric key.</summary>
    MetricValue Aggregate(string key, MetricDefinition definition, IReadOnlyList<SampleScore> scores);

    /// <summary>Several seeds of one condition, each over the same items.</summary>
    MetricValue Pool(string key, MetricDefinition definition, IReadOnlyList<IReadOnlyList<SampleScore>> scoresBySeed);

    /// <summary>Two conditions on the same items, seed by seed (paired by seed position and item id).</summary>
    /// <exception cref="SafeTuneBedException">The item lists differ: the numbers can't be compared.</exception>
    PairedComparison Compare(MetricDefinition definition, IReadOnlyList<IReadOnlyList<SampleScore>> baseline, IReadOnlyList<IReadOnlyList<SampleScore>> candidate);

    /// <summary>Corrects the p values of one family of comparisons (Holm).</summary>
    IReadOnlyList<PairedComparison> Adjust(IReadOnlyList<PairedComparison> family);
}
