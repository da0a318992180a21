using System.Text.RegularExpressions;

namespace SafeTuneBed.Judges;

/// <summary>What families of models refuse to be told.</summary>
internal static partial class JudgeCapabilities
{
    /// <summary>Whether a model takes temperature, top-p and seed.</summary>
    public static bool AcceptsSampling(string model) => !Reasoning.IsMatch(model);

    [GeneratedRegex(@"(^|/)(o[134](-|$)|gpt-5(?!-chat)|codex)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Reasoning { get; }
}
