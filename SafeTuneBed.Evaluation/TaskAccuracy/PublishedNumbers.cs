using System.Globalization;
using System.Text.RegularExpressions;

namespace SafeTuneBed.TaskAccuracy;

/// <summary>
/// The number of a worked answer as published evaluations of GSM8K find it: LISA's own script, and the two filters of lm-evaluation-harness. Their quirks are kept.
/// </summary>
internal static partial class PublishedNumbers
{
    private const string FinalAnswer = "The final answer is: ";

    /// <summary>LISA: the first number after the phrase, or where none follows the last of the text; equal as numbers.</summary>
    public static bool IsRightByLisa(string answer, string gold) => Lisa(answer) is { } number && number == Lisa(gold);

    /// <summary>The harness's strict match: the first number after four hashes, compared as text.</summary>
    public static bool IsRightByStrict(string answer, string gold) => Strict(answer) is { } number && number == Gold(gold);

    /// <summary>The harness's flexible extraction: the last number of the text, compared as text.</summary>
    public static bool IsRightByFlexible(string answer, string gold) => Flexible(answer) is { } number && number == Gold(gold);

    /// <summary>LISA's number.</summary>
    internal static double? Lisa(string text)
    {
        string plain = text.Replace(",", "", StringComparison.Ordinal);
        int at = plain.IndexOf(FinalAnswer, StringComparison.Ordinal);
        Match after = at < 0 ? Match.Empty : Decimal.Match(plain, at + FinalAnswer.Length);
        Match match = after.Success ? after : Decimal.Matches(plain).LastOrDefault() ?? Match.Empty;
        return match.Success ? double.Parse(match.Value, NumberStyles.Float, CultureInfo.InvariantCulture) : null;
    }

    /// <summary>The strict filter's text, cleaned as it is compared.</summary>
    internal static string? Strict(string text) => AfterHashes.Match(text) is { Success: true } match ? Clean(match.Groups[1].Value) : null;

    /// <summary>The flexible filter's text, cleaned as it is compared.</summary>
    internal static string? Flexible(string text) => Loose.Matches(text).LastOrDefault() is { } match ? Clean(match.Value) : null;

    // Gold answers end in the hashes and the number, or where the task rewrites them in LISA's phrase and the number.
    private static string Gold(string gold)
    {
        int hashes = gold.LastIndexOf("####", StringComparison.Ordinal), phrase = gold.LastIndexOf(FinalAnswer, StringComparison.Ordinal);
        string number = hashes >= 0 ? gold[(hashes + 4)..] : phrase >= 0 ? gold[(phrase + FinalAnswer.Length)..] : gold;
        return Clean(number.Trim());
    }

    // What the harness takes away before comparing: commas, dollar signs, a final period.
    private static string Clean(string number)
    {
        string plain = number.Replace(",", "", StringComparison.Ordinal).Replace("$", "", StringComparison.Ordinal);
        return plain.EndsWith('.') ? plain[..^1] : plain;
    }

    [GeneratedRegex(@"-?[0-9]+\.?[0-9]*", RegexOptions.CultureInvariant)]
    private static partial Regex Decimal { get; }

    [GeneratedRegex(@"#### (-?[0-9.,]+)", RegexOptions.CultureInvariant)]
    private static partial Regex AfterHashes { get; }

    [GeneratedRegex(@"-?[$0-9.,]{2,}|-?[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Loose { get; }
}
