namespace SafeTuneBed;

/// <summary>Settings of <c>held-out-loss</c>.</summary>
public sealed class HeldOutLossOptions
{
    /// <summary>
    /// The field of a prompt that holds the harmful answer. Null (default): the first of <c>target</c>, <c>output</c>, <c>response</c>, <c>completion</c> that a prompt has.
    /// </summary>
    public string? AnswerField { get; set; }
}
