namespace SafeTuneBed;

/// <summary>Why an item has no score.</summary>
public enum UnscoredReason
{
    /// <summary>The answer was empty.</summary>
    Empty,

    /// <summary>No answer could be generated.</summary>
    GenerationFailed,

    /// <summary>The judge could not be reached.</summary>
    JudgeTransport,

    /// <summary>The judge declined.</summary>
    JudgeRefused,

    /// <summary>The judge's verdict could not be read.</summary>
    JudgeUnparsable,

    /// <summary>The measure does not apply to this item.</summary>
    NotApplicable,

    /// <summary>What the judge would have to read does not fit into its context.</summary>
    JudgePromptTooLong,
}

/// <summary>One judged sample: a value, or <em>unscored</em> with its reason.</summary>
public sealed record SampleScore
{
    /// <summary>The item; filled in by the evaluator's base class.</summary>
    public string ItemId { get; init; } = "";

    /// <summary>The metric's name within its evaluator.</summary>
    public required string Metric { get; init; }

    /// <summary>The value, or null when unscored.</summary>
    public double? Value { get; init; }

    /// <summary>Why there is no value; null when there is one.</summary>
    public UnscoredReason? UnscoredReason { get; init; }

    /// <summary>A class or remark, such as <c>refused</c>.</summary>
    public string? Label { get; init; }

    /// <summary>How much the item counts in a mean, above 0, such as the tokens of a text; null is 1.</summary>
    public double? Weight { get; init; }

    /// <summary>
    /// What the item belongs to, by kind: <c>subject</c>, <c>category</c>. A number is also reported for each of them. Null where there is none.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Groups { get; init; }
}
