using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace SafeTuneBed.Reporting;

/// <summary>Plain text as LaTeX that shows it as it is and compiles whatever the text, also under pdflatex.</summary>
internal static partial class LatexText
{
    private static readonly Dictionary<int, string> Known = new()
    {
        ['\\'] = @"\textbackslash{}", ['{'] = @"\{", ['}'] = @"\}", ['$'] = @"\$", ['&'] = @"\&", ['#'] = @"\#", ['%'] = @"\%", ['_'] = @"\_",
        ['^'] = @"\textasciicircum{}", ['~'] = @"\textasciitilde{}", ['<'] = @"\textless{}", ['>'] = @"\textgreater{}", ['|'] = @"\textbar{}", ['"'] = @"\textquotedbl{}",
        ['\''] = @"\textquotesingle{}", ['`'] = @"\textasciigrave{}",
        ['/'] = @"/\allowbreak{}", ['\n'] = " ", ['\r'] = " ", ['\t'] = " ",
        ['–'] = @"\textendash{}", ['—'] = @"\textemdash{}", ['↑'] = @"$\uparrow$", ['↓'] = @"$\downarrow$", ['†'] = @"\textdagger{}", ['±'] = @"$\pm$", ['×'] = @"$\times$", ['…'] = @"\textellipsis{}",
        ['≤'] = @"$\leq$", ['≥'] = @"$\geq$", ['·'] = @"$\cdot$", ['−'] = @"$-$", ['’'] = "'", ['‘'] = "`", ['“'] = "``", ['”'] = "''", ['\u00A0'] = "~",
        ['α'] = @"$\alpha$", ['β'] = @"$\beta$", ['ρ'] = @"$\rho$", ['λ'] = @"$\lambda$", ['ε'] = @"$\varepsilon$", ['μ'] = @"$\mu$", ['σ'] = @"$\sigma$", ['τ'] = @"$\tau$",
    };

    /// <summary>Text of a paragraph or a text column. What no font of a plain installation has appears as its code point: <c>[U+4E2D]</c>.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            escaped.Append(Known.TryGetValue(rune.Value, out string? known)
                ? known
                : rune.Value is (>= 0x20 and < 0x7F) or (>= 0xC0 and <= 0xFF)
                    ? rune.ToString()
                    : string.Create(CultureInfo.InvariantCulture, $"[U+{rune.Value:X4}]"));
        }

        // Two in a row would become a dash or a quotation mark; a bracket or a star in front would belong to the line break or the item before it.
        string plain = Ligature.Replace(escaped.ToString(), "$0{}");
        int first = plain.AsSpan().IndexOfAnyExcept(' ');
        return first >= 0 && plain[first] is ('[' or '*') ? $"{plain[..first]}{{{plain[first]}}}{plain[(first + 1)..]}" : plain;
    }

    /// <summary>A cell of numbers: a minus is a minus, not a hyphen.</summary>
    public static string EscapeNumber(string text) => Minus.Replace(Escape(text), "$$-$$");

    [GeneratedRegex("(-)(?=-)|(,)(?=,)", RegexOptions.CultureInvariant)]
    private static partial Regex Ligature { get; }

    [GeneratedRegex(@"(?<![\w.}])-(?=[0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex Minus { get; }
}
