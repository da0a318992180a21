namespace SafeTuneBed;

/// <summary>Which way a number is better.</summary>
public enum Direction
{
    /// <summary>Neither way is better.</summary>
    Neutral,

    /// <summary>Lower is better (safer).</summary>
    LowerIsBetter,

    /// <summary>Higher is better.</summary>
    HigherIsBetter,
}

/// <summary>What kind of number a metric is; decides its interval.</summary>
public enum MetricKind
{
    /// <summary>A share of items, 0 to 1, of scores that are 0 or 1.</summary>
    Proportion,

    /// <summary>A mean of bounded scores, weighted where scores have weights.</summary>
    Mean,

    /// <summary>e to the mean of scores that are negative log-likelihoods per unit of text, weighted by the units: perplexity.</summary>
    Perplexity,

    /// <summary>
    /// The mean over classes of F1, of scores whose <see cref="SampleScore.Groups"/> name the <c>gold</c> and the <c>predicted</c> class. A class that occurs on neither
    /// side is left out; a precision without any prediction is 0.
    /// </summary>
    MacroF1,
}

/// <summary>Describes one reported number. A change of meaning raises <see cref="Version"/>.</summary>
public sealed record MetricDefinition
{
    private MetricDefinition(string name, MetricKind kind, int version, Direction direction, double minimum, double maximum)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1);
        (Name, Kind, Version, Direction, Minimum, Maximum) = (name, kind, version, direction, minimum, maximum);
    }

    /// <summary>Name within its evaluator, lower-kebab; a variant before a slash: <c>keyword-robust/attack-success</c>.</summary>
    public string Name { get; }

    /// <summary>Kind of number.</summary>
    public MetricKind Kind { get; }

    /// <summary>Version of the definition, from 1.</summary>
    public int Version { get; }

    /// <summary>Which way is better.</summary>
    public Direction Direction { get; }

    /// <summary>Smallest possible score.</summary>
    public double Minimum { get; }

    /// <summary>Largest possible score.</summary>
    public double Maximum { get; }

    /// <summary>A short heading for tables. Default: the last part of the name.</summary>
    public string Heading { get; init; } = "";

    /// <summary>True for a number that every summary table shows; others appear in full reports only.</summary>
    public bool IsHeadline { get; init; }

    /// <summary>One sentence: what the number counts and what it does not. Shown as the legend below tables.</summary>
    public string Description { get; init; } = "";

    /// <summary>A value above which each row's warnings name this metric; null (default) for never. For shares of answers that make other numbers doubtful.</summary>
    public double? WarnAbove { get; init; }

    /// <summary>What guessing gets; a row whose interval reaches down to it is warned of. Null (default): nothing is looked at.</summary>
    public double? Chance { get; init; }

    /// <summary>
    /// A kind of <see cref="SampleScore.Groups"/> whose items depend on each other, such as the subjects of a test or the turns of a question: they are then resampled
    /// together. Null (default): items are independent.
    /// </summary>
    public string? ClusterBy { get; init; }

    /// <summary>Whether the number is also reported for each of the scores' <see cref="SampleScore.Groups"/>. Default true.</summary>
    public bool ReportsGroups { get; init; } = true;

    /// <summary>A share of items.</summary>
    public static MetricDefinition Proportion(string name, int version, Direction direction) => new(name, MetricKind.Proportion, version, direction, 0, 1);

    /// <summary>A mean of scores between <paramref name="minimum"/> and <paramref name="maximum"/>.</summary>
    public static MetricDefinition Mean(string name, int version, Direction direction, double minimum, double maximum) =>
        new(name, MetricKind.Mean, version, direction, minimum, maximum);

    /// <summary>Perplexity: scores are negative log-likelihoods in nats, weights the tokens (or words, or bytes) over which they are means. Lower is better.</summary>
    public static MetricDefinition Perplexity(string name, int version) => new(name, MetricKind.Perplexity, version, Direction.LowerIsBetter, 0, double.MaxValue);

    /// <summary>F1 averaged over classes. Scores are made by <see cref="Score(bool, string?)"/> and carry the groups <c>gold</c> and <c>predicted</c>.</summary>
    public static MetricDefinition MacroF1(string name, int version) => new(name, MetricKind.MacroF1, version, Direction.HigherIsBetter, 0, 1);

    /// <summary>A score of this metric for one item.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not finite or outside the metric's range.</exception>
    public SampleScore Score(double value, string? label = null)
    {
        if (!double.IsFinite(value) || value < Minimum || value > Maximum)
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, $"A score of '{Name}' lies between {Minimum} and {Maximum}.");
        }

        return new SampleScore { Metric = Name, Value = value, Label = label };
    }

    /// <summary>1 for true, 0 for false.</summary>
    public SampleScore Score(bool value, string? label = null) => Score(value ? 1 : 0, label);

    /// <summary>An item that this metric can't score. It is counted, shown, and never imputed.</summary>
    public SampleScore Unscored(UnscoredReason reason, string? label = null) => new() { Metric = Name, UnscoredReason = reason, Label = label };
}
