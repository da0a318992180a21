using System.Text;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Python's upper, lower and title case. Where .NET maps one character to one, Unicode's full mapping may give several.</summary>
internal static class CaseMapping
{
    // Unicode's SpecialCasing: letters whose upper case is more than one, each with its expansion.
    private static readonly Dictionary<string, string> Expansions = new(StringComparer.Ordinal)
    {
        ["\u00DF"] = "\u0053\u0053", ["\u0149"] = "\u02BC\u004E", ["\u01F0"] = "\u004A\u030C", ["\u0390"] = "\u0399\u0308\u0301",
        ["\u03B0"] = "\u03A5\u0308\u0301", ["\u0587"] = "\u0535\u0552", ["\u1E96"] = "\u0048\u0331", ["\u1E97"] = "\u0054\u0308", ["\u1E98"] = "\u0057\u030A",
        ["\u1E99"] = "\u0059\u030A", ["\u1E9A"] = "\u0041\u02BE", ["\u1F50"] = "\u03A5\u0313", ["\u1F52"] = "\u03A5\u0313\u0300",
        ["\u1F54"] = "\u03A5\u0313\u0301", ["\u1F56"] = "\u03A5\u0313\u0342", ["\u1F80"] = "\u1F08\u0399", ["\u1F81"] = "\u1F09\u0399",
        ["\u1F82"] = "\u1F0A\u0399", ["\u1F83"] = "\u1F0B\u0399", ["\u1F84"] = "\u1F0C\u0399", ["\u1F85"] = "\u1F0D\u0399", ["\u1F86"] = "\u1F0E\u0399",
        ["\u1F87"] = "\u1F0F\u0399", ["\u1F88"] = "\u1F08\u0399", ["\u1F89"] = "\u1F09\u0399", ["\u1F8A"] = "\u1F0A\u0399", ["\u1F8B"] = "\u1F0B\u0399",
        ["\u1F8C"] = "\u1F0C\u0399", ["\u1F8D"] = "\u1F0D\u0399", ["\u1F8E"] = "\u1F0E\u0399", ["\u1F8F"] = "\u1F0F\u0399", ["\u1F90"] = "\u1F28\u0399",
        ["\u1F91"] = "\u1F29\u0399", ["\u1F92"] = "\u1F2A\u0399", ["\u1F93"] = "\u1F2B\u0399", ["\u1F94"] = "\u1F2C\u0399", ["\u1F95"] = "\u1F2D\u0399",
        ["\u1F96"] = "\u1F2E\u0399", ["\u1F97"] = "\u1F2F\u0399", ["\u1F98"] = "\u1F28\u0399", ["\u1F99"] = "\u1F29\u0399", ["\u1F9A"] = "\u1F2A\u0399",
        ["\u1F9B"] = "\u1F2B\u0399", ["\u1F9C"] = "\u1F2C\u0399", ["\u1F9D"] = "\u1F2D\u0399", ["\u1F9E"] = "\u1F2E\u0399", ["\u1F9F"] = "\u1F2F\u0399",
        ["\u1FA0"] = "\u1F68\u0399", ["\u1FA1"] = "\u1F69\u0399", ["\u1FA2"] = "\u1F6A\u0399", ["\u1FA3"] = "\u1F6B\u0399", ["\u1FA4"] = "\u1F6C\u0399",
        ["\u1FA5"] = "\u1F6D\u0399", ["\u1FA6"] = "\u1F6E\u0399", ["\u1FA7"] = "\u1F6F\u0399", ["\u1FA8"] = "\u1F68\u0399", ["\u1FA9"] = "\u1F69\u0399",
        ["\u1FAA"] = "\u1F6A\u0399", ["\u1FAB"] = "\u1F6B\u0399", ["\u1FAC"] = "\u1F6C\u0399", ["\u1FAD"] = "\u1F6D\u0399", ["\u1FAE"] = "\u1F6E\u0399",
        ["\u1FAF"] = "\u1F6F\u0399", ["\u1FB2"] = "\u1FBA\u0399", ["\u1FB3"] = "\u0391\u0399", ["\u1FB4"] = "\u0386\u0399", ["\u1FB6"] = "\u0391\u0342",
        ["\u1FB7"] = "\u0391\u0342\u0399", ["\u1FBC"] = "\u0391\u0399", ["\u1FC2"] = "\u1FCA\u0399", ["\u1FC3"] = "\u0397\u0399", ["\u1FC4"] = "\u0389\u0399",
        ["\u1FC6"] = "\u0397\u0342", ["\u1FC7"] = "\u0397\u0342\u0399", ["\u1FCC"] = "\u0397\u0399", ["\u1FD2"] = "\u0399\u0308\u0300",
        ["\u1FD3"] = "\u0399\u0308\u0301", ["\u1FD6"] = "\u0399\u0342", ["\u1FD7"] = "\u0399\u0308\u0342", ["\u1FE2"] = "\u03A5\u0308\u0300",
        ["\u1FE3"] = "\u03A5\u0308\u0301", ["\u1FE4"] = "\u03A1\u0313", ["\u1FE6"] = "\u03A5\u0342", ["\u1FE7"] = "\u03A5\u0308\u0342",
        ["\u1FF2"] = "\u1FFA\u0399", ["\u1FF3"] = "\u03A9\u0399", ["\u1FF4"] = "\u038F\u0399", ["\u1FF6"] = "\u03A9\u0342", ["\u1FF7"] = "\u03A9\u0342\u0399",
        ["\u1FFC"] = "\u03A9\u0399", ["\uFB00"] = "\u0046\u0046", ["\uFB01"] = "\u0046\u0049", ["\uFB02"] = "\u0046\u004C", ["\uFB03"] = "\u0046\u0046\u0049",
        ["\uFB04"] = "\u0046\u0046\u004C", ["\uFB05"] = "\u0053\u0054", ["\uFB06"] = "\u0053\u0054", ["\uFB13"] = "\u0544\u0546", ["\uFB14"] = "\u0544\u0535",
        ["\uFB15"] = "\u0544\u053B", ["\uFB16"] = "\u054E\u0546", ["\uFB17"] = "\u0544\u053D",
    };

    // Texts are mostly these: no allocation for each of their letters.
    private static readonly string[] AsciiLetters = [.. Enumerable.Range(0, 128).Select(code => char.ToString((char)code))];

    public static StringValue Upper(StringValue value, RenderBudget budget) => Map(value, Upper, budget);

    public static StringValue Lower(StringValue value, RenderBudget budget) => Map(value, Lower, budget);

    public static StringValue SwapCase(StringValue value, RenderBudget budget) =>
        Map(value, (text, at, letter) => IsUpper(letter) ? Lower(text, at, letter) : Upper(text, at, letter), budget);

    /// <summary>First character in title case, the rest in lower case.</summary>
    public static StringValue Capitalize(StringValue value, RenderBudget budget) =>
        Map(value, (text, at, letter) => at == 0 ? Title(text, at, letter) : Lower(text, at, letter), budget);

    /// <summary>Python's <c>str.title</c>: each letter that follows no letter in title case, the others in lower case.</summary>
    public static StringValue TitleWords(StringValue value, RenderBudget budget)
    {
        bool inWord = false;
        return Map(value, (text, at, letter) =>
        {
            string mapped = inWord ? Lower(text, at, letter) : Title(text, at, letter);
            inWord = IsCased(letter);
            return mapped;
        }, budget);
    }

    /// <summary>Jinja's <c>title</c>: words begin after blanks, dashes and opening brackets only.</summary>
    public static StringValue TitleFilter(StringValue value, RenderBudget budget)
    {
        bool atStart = true;
        return Map(value, (text, at, letter) =>
        {
            bool separates = letter.Value is '-' or '(' or '{' or '[' or '<' || (letter.IsBmp && PythonText.IsSpace((char)letter.Value));
            string mapped = atStart ? Upper(text, at, letter) : Lower(text, at, letter);
            atStart = separates;
            return mapped;
        }, budget);
    }

    /// <summary>Whether upper and lower case differ for this letter.</summary>
    public static bool IsCased(Rune letter) => Rune.GetUnicodeCategory(letter) is System.Globalization.UnicodeCategory.UppercaseLetter
        or System.Globalization.UnicodeCategory.LowercaseLetter or System.Globalization.UnicodeCategory.TitlecaseLetter;

    private static bool CaseOfTitle(Rune letter) => Rune.GetUnicodeCategory(letter) == System.Globalization.UnicodeCategory.TitlecaseLetter;

    private static bool IsUpper(Rune letter) => Rune.GetUnicodeCategory(letter) == System.Globalization.UnicodeCategory.UppercaseLetter;

    private static string Upper(string text, int at, Rune letter)
    {
        if (letter.IsAscii)
        {
            return AsciiLetters[char.ToUpperInvariant((char)letter.Value)];
        }

        // .NET leaves dotless i and long s alone, so that going back gives the same.
        string one = letter.ToString();
        return letter.Value switch
        {
            0x131 => "I",
            0x17F => "S",
            _ => Expansions.GetValueOrDefault(one) ?? one.ToUpperInvariant(),
        };
    }

    private static string Title(string text, int at, Rune letter) => letter.Value switch
    {
        0xDF => "Ss",
        // Digraphs have a title case of their own, Georgian letters are theirs.
        >= 0x1C4 and <= 0x1CC => char.ToString((char)(((letter.Value - 0x1C4) / 3 * 3) + 0x1C5)),
        >= 0x1F1 and <= 0x1F3 => "\u01F2",
        // Greek with iota below: one letter in title case, two in upper case.
        >= 0x1F80 and <= 0x1FFC when letter.ToString().ToUpperInvariant() is var one && (one != letter.ToString() || CaseOfTitle(letter)) => one,
        >= 0x10D0 and <= 0x10FF => letter.ToString(),
        >= 0xFB00 and <= 0xFB17 when Upper(text, at, letter) is { Length: > 1 } expansion => expansion[0] + expansion[1..].ToLowerInvariant(),
        _ => Upper(text, at, letter),
    };

    private static string Lower(string text, int at, Rune letter) => letter.Value switch
    {
        0x130 => "i\u0307",
        < 0x80 => AsciiLetters[char.ToLowerInvariant((char)letter.Value)],
        0x3A3 => IsFinal(text, at) ? "\u03C2" : "\u03C3",
        _ => letter.ToString().ToLowerInvariant(),
    };

    // A sigma at the end of a word: a letter before it, none behind it.
    private static bool IsFinal(string text, int at) => at > 0 && char.IsLetter(text[at - 1]) && (at + 1 >= text.Length || !char.IsLetter(text[at + 1]));

    private static StringValue Map(StringValue value, Func<string, int, Rune, string> map, RenderBudget budget)
    {
        TracedBuilder builder = new(budget);
        string text = value.Text;
        foreach ((int runStart, int runLength, bool content) in value.Runs)
        {
            StringBuilder mapped = new(runLength);
            for (int at = runStart; at < runStart + runLength;)
            {
                if (Rune.TryGetRuneAt(text, at, out Rune letter))
                {
                    mapped.Append(map(text, at, letter));
                    at += letter.Utf16SequenceLength;
                }
                else
                {
                    mapped.Append(text[at++]);
                }
            }

            builder.Append(mapped.ToString(), content);
        }

        return builder.ToValue();
    }
}
