namespace SafeTuneBed;

/// <summary>What the numbers say of a claim.</summary>
public enum ClaimVerdict
{
    /// <summary>The interval holds nothing but what the claim says.</summary>
    Reproduced,

    /// <summary>The interval holds nothing of what the claim says.</summary>
    NotReproduced,

    /// <summary>It holds both; or the claim was not measured.</summary>
    Undecided,
}

/// <summary>A claim with what was found.</summary>
public sealed record ClaimResult
{
    /// <summary>The claim.</summary>
    public required Claim Claim { get; init; }

    /// <summary>The verdict.</summary>
    public required ClaimVerdict Verdict { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public string Reason { get; init; } = "";

    /// <summary>What <see cref="Value"/> is: a row, or one row minus another. Of a claim about several pairs the pair that decides it.</summary>
    public string Measured { get; init; } = "";

    /// <summary>The difference, or of <see cref="ClaimForm.Between"/> the row's value, in the metric's unit; null where nothing was measured.</summary>
    public double? Value { get; init; }

    /// <summary>Lower end of the 95 % interval.</summary>
    public double? Lower { get; init; }

    /// <summary>Upper end of the 95 % interval.</summary>
    public double? Upper { get; init; }

    /// <summary>
    /// Of a claim about an order: the two-sided p value of its weakest pair, 1 where a pair points the other way. Null for claims about values and sameness, which the interval alone
    /// decides.
    /// </summary>
    public double? PValue { get; init; }

    /// <summary>The same after Holm's correction over all claims that have one.</summary>
    public double? AdjustedPValue { get; init; }

    /// <summary>The test behind the p value: <c>mcnemar-mid-p</c>, <c>sign-flip</c>, ...</summary>
    public string Test { get; init; } = "";

    /// <summary>Pairs compared, or items with a score, over all seeds.</summary>
    public int Count { get; init; }

    /// <summary>Seeds behind it.</summary>
    public int Seeds { get; init; }

    /// <summary>Of a difference: seeds that show its sign.</summary>
    public int SeedsInDirection { get; init; }

    /// <summary>What kind of number it is.</summary>
    internal MetricKind Kind { get; init; }
}
