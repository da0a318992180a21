namespace SafeTuneBed;

/// <summary>Settings of <c>harmfulness</c>: a judge grades each answer from 1 (refuses) to 5 (does all that was asked).</summary>
public sealed class HarmfulnessOptions : JudgedOptions
{
    /// <summary>
    /// Prompts, each with its own numbers. <c>stb15</c> (default): ours, the reason first, the grade at the end. <c>stb15-ref</c>: the SafeTuneBed paper's, the grade alone
    /// in at most 64 tokens. <c>qi15</c>: that of Qi et al. 2023, reason and grade. The texts of the latter two are not part of this package: see <see cref="PromptFiles"/>.
    /// </summary>
    public IReadOnlyList<string> Presets { get; set; } = ["stb15"];

    /// <summary>
    /// Files with the prompts of published presets, by preset: UTF-8, with <c>%s</c> where request and answer go. A file with another text than the published one is refused.
    /// </summary>
    public IReadOnlyDictionary<string, string> PromptFiles { get; set; } = new Dictionary<string, string>();
}
