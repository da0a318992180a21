using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace SafeTuneBed.TaskAccuracy;

/// <summary>
/// The number that a worked answer ends on: the first after the last <c>answer is:</c> (as the data sets of LISA write it), else the first after the last
/// <c>####</c> (as GSM8K writes it), else the last number of the text.
/// </summary>
internal static partial class FinalNumber
{
    /// <summary>Longer runs of digits are no answer, and costly to compare.</summary>
    private const int MostDigits = 1_000;

    private static readonly string[] Markers = ["answer is:", "####"];

    /// <summary>The number, exact, in lowest terms; null where the text holds none.</summary>
    public static (BigInteger Numerator, BigInteger Denominator)? Find(string text)
    {
        foreach (string marker in Markers)
        {
            int at = text.LastIndexOf(marker, StringComparison.OrdinalIgnoreCase);
            if (at >= 0 && Number.Matches(text[(at + marker.Length)..]).Select(Parse).FirstOrDefault(n => n is not null) is { } first)
            {
                return first;
            }
        }

        return Number.Matches(text).Select(Parse).LastOrDefault(n => n is not null);
    }

    private static (BigInteger Numerator, BigInteger Denominator)? Parse(Match match)
    {
        if (match.Length > MostDigits)
        {
            return null;
        }

        string digits = match.Groups["whole"].Value.Replace(",", "", StringComparison.Ordinal), decimals = match.Groups["decimals"].Value;
        BigInteger numerator = BigInteger.Parse("0" + digits + decimals, NumberStyles.None, CultureInfo.InvariantCulture);
        BigInteger denominator = BigInteger.Pow(10, decimals.Length);
        if (match.Groups["divisor"] is { Success: true } divisor)
        {
            BigInteger by = BigInteger.Parse(divisor.Value, NumberStyles.None, CultureInfo.InvariantCulture);
            if (by.IsZero)
            {
                return null;
            }

            denominator *= by;
        }

        if (match.Groups["exponent"] is { Success: true } exponent)
        {
            int power = int.Parse(exponent.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            numerator *= BigInteger.Pow(10, Math.Max(power, 0));
            denominator *= BigInteger.Pow(10, Math.Max(-power, 0));
        }

        if (match.Groups["sign"].Success)
        {
            numerator = -numerator;
        }

        BigInteger common = BigInteger.GreatestCommonDivisor(numerator, denominator);
        return (numerator / common, denominator / common);
    }

    // A minus belongs to the number unless something to subtract from stands right before it; digits inside words (b2b) are no numbers; a comma separates
    // thousands only in groups of three.
    [GeneratedRegex(
        @"(?:(?<![\w).%])(?<sign>[-\u2212]))?\$?(?<![A-Za-z_0-9])(?:(?<whole>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.(?<decimals>[0-9]+))?|\.(?<decimals>[0-9]+))(?:/(?<divisor>[0-9]+)|[eE](?<exponent>[-+]?[0-9]{1,3})(?!\w))?",
        RegexOptions.CultureInvariant)]
    private static partial Regex Number { get; }
}
