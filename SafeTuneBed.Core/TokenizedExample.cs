namespace SafeTuneBed;

/// <summary>
/// One training row as tokens: prompt ids followed by target ids. Prompt tokens are masked by construction: the boundary is a count,
/// never found by comparing ids.
/// </summary>
public sealed record TokenizedExample
{
    /// <summary>Stable id of the row within its set; survives batching, packing and truncation.</summary>
    public required int RowId { get; init; }

    /// <summary>Token ids, prompt first. Never padded.</summary>
    public required int[] InputIds { get; init; }

    /// <summary>The number of leading prompt tokens, which carry no loss. At least 1 and less than the length of <see cref="InputIds"/>.</summary>
    public required int PromptTokenCount { get; init; }

    /// <summary>The part this row plays.</summary>
    public ExampleRole Role { get; init; }

    /// <summary>Content id of the record the row was made of.</summary>
    public string RecordId { get; init; } = "";

    /// <summary>True when the target was cut to fit the maximum length; its end token is then missing.</summary>
    public bool Truncated { get; init; }

    /// <summary>Tokens that carry loss.</summary>
    public int SupervisedTokenCount => InputIds.Length - PromptTokenCount;
}
