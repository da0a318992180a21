namespace SafeTuneBed.Data;

/// <summary>What evaluation will ask: training rows that ask it are left out.</summary>
/// <param name="Keys">Keys of the requests.</param>
/// <param name="Runs">Runs of 13 words of the requests, where these count too.</param>
internal sealed record AskedPrompts(IReadOnlySet<string> Keys, IReadOnlySet<string>? Runs = null)
{
    public static AskedPrompts None { get; } = new(new HashSet<string>());

    /// <summary>Name of the rule, for records.</summary>
    public string Method => Runs is null ? "exact" : "exact or 13 words in a row";

    /// <summary>Whether a row asks one of them.</summary>
    public bool Ask(FinetuneExample row) => PromptKey.IsAmong(Keys, row) || (Runs is { } runs && NGramOverlap.Shares(runs, row));
}
