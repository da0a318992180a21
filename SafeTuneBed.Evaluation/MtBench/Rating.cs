using System.Globalization;
using System.Text.RegularExpressions;
using SafeTuneBed.Judges;

namespace SafeTuneBed.MtBench;

/// <summary>Reads ratings from 1 to 10.</summary>
internal static partial class Rating
{
    private const int Lowest = 1, Highest = 10;

    /// <summary>
    /// A rating in double brackets; else one in single brackets behind the word rating, with a remark. The last counts, since judges quote the form; FastChat takes the first, and
    /// single brackets wherever they stand.
    /// </summary>
    public static Verdict Read(string text, bool first)
    {
        MatchCollection ratings = Double.Matches(text);
        string? label = ratings.Count > 1 ? ScoreTag.MultipleScores : null;
        if (ratings.Count == 0)
        {
            ratings = (first ? Single : Worded).Matches(text);
            label = "single-brackets";
        }

        return ratings.Count == 0 ? Verdict.Unreadable(text) : OnScale((first ? ratings[0] : ratings[^1]).Groups["n"].Value, label);
    }

    /// <summary>The first <c>N/10</c>, as the SafeTuneBed paper reads it.</summary>
    public static Verdict ReadTenths(string text) => Tenths.Match(text) is { Success: true } match ? OnScale(match.Groups["n"].Value, null) : Verdict.Unreadable(text);

    private static Verdict OnScale(string number, string? label) =>
        double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value is >= Lowest and <= Highest
            ? Verdict.Of(value, label)
            : Verdict.None(UnscoredReason.JudgeUnparsable, ScoreTag.OutOfRange);

    [GeneratedRegex(@"\[\[\s*(?<n>\d+(?:\.\d+)?)\.?\s*\]\]", RegexOptions.CultureInvariant)]
    private static partial Regex Double { get; }

    [GeneratedRegex(@"\[(?<n>\d+(?:\.\d+)?)\.?\]", RegexOptions.CultureInvariant)]
    private static partial Regex Single { get; }

    [GeneratedRegex(@"\brating\b[^\[\]\n]{0,20}\[(?<n>\d+(?:\.\d+)?)\]", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Worded { get; }

    [GeneratedRegex(@"(?<n>\d+(?:\.\d+)?)\s*/\s*10(?!\d)", RegexOptions.CultureInvariant)]
    private static partial Regex Tenths { get; }
}
