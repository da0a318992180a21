namespace SafeTuneBed;

/// <summary>What one evaluation will ask of a judge at most, known before anything is spent. Verdicts that are stored already cost nothing and are not taken off.</summary>
/// <param name="Judge">The judge's registered name.</param>
/// <param name="Calls">Requests.</param>
/// <param name="PromptTokens">Tokens sent, estimated from lengths of text at four characters a token.</param>
/// <param name="CompletionTokens">Tokens of the verdicts, estimated likewise.</param>
/// <param name="Cost">Cost in the currency of the judge's prices; null where it has none.</param>
public sealed record JudgeEstimate(string Judge, long Calls, long PromptTokens, long CompletionTokens, decimal? Cost)
{
    /// <summary>The model that is asked.</summary>
    public string Model { get; init; } = "";
}
