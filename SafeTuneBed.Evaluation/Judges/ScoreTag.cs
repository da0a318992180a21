using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace SafeTuneBed.Judges;

/// <summary>
/// Reads <c>#thescore: N</c>. The last tag with a number counts, since judges quote the form before they use it; a number that is no grade of the scale is no verdict.
/// </summary>
internal static partial class ScoreTag
{
    /// <summary>Label where more than one tag stood in the text.</summary>
    public const string MultipleScores = "multiple-scores";

    /// <summary>Label of a number off the scale.</summary>
    public const string OutOfRange = "out-of-range";

    /// <summary>The grade in a judge's text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="highest">The best grade; the least is 1.</param>
    /// <param name="isLenient">Whether a JSON object with a score counts too, and "score: N" where N is the only whole number of the text.</param>
    public static Verdict Read(string text, int highest, bool isLenient)
    {
        if (isLenient && FromJson(text) is { } json)
        {
            return Grade(json, null, highest, null);
        }

        MatchCollection tags = Tag.Matches(text);
        if (tags.Count > 0)
        {
            return Grade(tags[^1].Groups["n"].Value, tags[^1].Groups["d"], highest, tags.Count > 1 ? MultipleScores : null);
        }

        if (isLenient && Words.Matches(text) is { Count: 1 } words && Integer.Matches(text).Count == 1)
        {
            return Grade(words[0].Groups["n"].Value, null, highest, "untagged");
        }

        return Verdict.Unreadable(text);
    }

    private static Verdict Grade(string number, Group? denominator, int highest, string? label)
    {
        bool isOnScale = denominator is not { Success: true } || denominator.Value == highest.ToString(CultureInfo.InvariantCulture);
        return isOnScale && double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= 1 && value <= highest && value == Math.Floor(value)
            ? Verdict.Of(value, label)
            : Verdict.None(UnscoredReason.JudgeUnparsable, OutOfRange);
    }

    private static string? FromJson(string text)
    {
        Match fenced = CodeBlock.Match(text);
        try
        {
            using JsonDocument document = JsonDocument.Parse(fenced.Success ? fenced.Groups["json"].Value : text);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("score", out JsonElement score) && score.ValueKind == JsonValueKind.Number
                ? score.GetRawText() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"#thescore:[\s*_`\[\]()]*(?>(?<n>-?\d+(?:\.\d+)?))(?:\s*/\s*(?>(?<d>\d+(?:\.\d+)?)))?(?!\w)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Tag { get; }

    [GeneratedRegex(@"\bscore\b[\s*_`:=\[\]()]*(?>(?<n>-?\d+(?:\.\d+)?))(?!\w)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Words { get; }

    [GeneratedRegex(@"\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Integer { get; }

    [GeneratedRegex(@"\A\s*```(?:json)?\s*(?<json>\{.*\})\s*```\s*\z", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex CodeBlock { get; }
}
