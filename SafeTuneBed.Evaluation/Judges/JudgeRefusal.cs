using System.Text.RegularExpressions;

namespace SafeTuneBed.Judges;

/// <summary>Tells a judge that declines from one that writes in another form.</summary>
internal static partial class JudgeRefusal
{
    /// <summary>Whether a text begins as a refusal. Ask only where it holds no verdict.</summary>
    public static bool Declines(string text) => Opening.IsMatch(text.Replace('’', '\''));

    [GeneratedRegex(
        @"\A[\s""'*]*(?:(?:I'm|I am|we're) (?:very |really |so |terribly )?(?:sorry|afraid)|sorry\b|(?:I|we) (?:can't|cannot|can not|could not|couldn't|won't|will not|do not feel|must decline|have to decline|refuse)\b|I(?:'m| am) (?:unable|not able|not going)|(?:my )?apologies|I apologi[sz]e|as an AI\b|I(?:'d| would) (?:rather|prefer) not|unfortunately,? I (?:can|am|'m))",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Opening { get; }
}
