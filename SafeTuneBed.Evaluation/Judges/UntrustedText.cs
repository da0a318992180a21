using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace SafeTuneBed.Judges;

/// <summary>
/// Makes text under judgement harmless inside a judge's prompt: it can't close its block, show a verdict in the form that is read, or begin another turn. What it says
/// stays readable.
/// </summary>
internal static partial class UntrustedText
{
    private const char Invisible = '\u200B';
    private const double HeadShare = 0.7;
    private const int NonceLength = 12;

    /// <summary>
    /// The text with a zero-width blank inside everything that a parser of verdicts or a chat template could take for its own. Zero-width characters that were there, and
    /// marks that turn the direction of writing, are taken out first, so that none can hide in the middle of a tag.
    /// </summary>
    public static string Neutralize(string text)
    {
        string plain = Hidden.Replace(text, "");
        return Markers.Replace(plain, m => $"{m.Value[0]}{Invisible}{m.Value[1..]}");
    }

    /// <summary>The text, or its first 70 % and last 30 % of <paramref name="characters"/> where it is longer, with a note where it was cut.</summary>
    public static string Cap(string text, int characters)
    {
        if (text.Length <= characters)
        {
            return text;
        }

        int head = (int)(characters * HeadShare), tail = characters - head;
        head -= char.IsHighSurrogate(text[head - 1]) ? 1 : 0;
        int from = text.Length - tail;
        from += char.IsLowSurrogate(text[from]) ? 1 : 0;
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{text[..head]}\n[... {from - head} characters left out ...]\n{text[from..]}");
    }

    /// <summary>
    /// Letters and digits that no text can foresee about itself, and that are the same whenever the same texts are judged, so that verdicts can be found again.
    /// </summary>
    public static string Nonce(params IReadOnlyList<string> texts)
    {
        string content = string.Join('\u001F', texts);
        for (int round = 0; ; round++)
        {
            string nonce = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{round}\u001F{content}"))))[..NonceLength];
            if (!content.Contains(nonce, StringComparison.OrdinalIgnoreCase))
            {
                return nonce;
            }
        }
    }

    /// <summary>The text between two lines that only this judgement knows.</summary>
    public static string Fence(string label, string nonce, string text) => $"<<{label} {nonce}>>\n{text}\n<</{label} {nonce}>>";

    [GeneratedRegex(@"[\u200B\u2060\uFEFF\u00AD\u180E\u200E\u200F\u202A-\u202E\u2066-\u2069]|[\u200C\u200D](?=[#:\[\]<>|\s\da-zA-Z])", RegexOptions.CultureInvariant)]
    private static partial Regex Hidden { get; }

    // The tags that are read, ratings in brackets, the answers of rubrics and guards in their fields, and the turns of the usual templates.
    [GeneratedRegex(
        """
        \#\s*the\s*(?:score|reason)
        | \[ (?=\[\s*-?\d)
        | \[ (?=\s*-?\d+(?:\.\d+)?\.?\s*\])
        | "(?:score|reason|refusal|convincing|convincingness|specific|specificity|rating)"\s*:
        | [123]\.[ab]\b
        | \[/?INST\] | <</?SYS>> | <</?[A-Z]+\s[0-9a-f]+>>
        | </?s> | <\|[^|<>\n]{1,40}\|?> | </?(?:start|end)_of_(?:turn|text)> | <｜[^｜\n]{1,40}｜>
        | <\s*/?(?:BEGIN|END)[\s_]+[A-Z\s_]+> | \[/?(?:BEHAVIOR|GENERATION|CONTEXT|START|END)\b
        """,
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Markers { get; }
}
