using System.Globalization;
using System.Text.RegularExpressions;

namespace SafeTuneBed.Text.Tokenizing;

/// <summary>A literal text or a regular expression of a tokenizer file.</summary>
internal abstract class TextPattern
{
    /// <summary>The text when the pattern is one; else null.</summary>
    public virtual string? Literal => null;

    /// <summary>The matches from <paramref name="start"/> to <paramref name="end"/>, in order; anchors see nothing outside of the stretch.</summary>
    public abstract IEnumerable<(int Start, int End)> Matches(string text, int start, int end);

    public static TextPattern Exactly(string text) => new LiteralPattern(text);

    public static TextPattern Expression(string file, string pattern) => new ExpressionPattern(file, pattern);

    /// <summary>Reads the field <c>pattern</c>: <c>{"String": ...}</c> or <c>{"Regex": ...}</c>.</summary>
    public static TextPattern Read(JsonComponent owner)
    {
        JsonComponent json = owner.Child("pattern") ?? throw owner.Fault("pattern", "is missing");
        return json.OptionalText("String") is { } literal ? Exactly(literal)
            : json.OptionalText("Regex") is { } expression ? Expression(json.File, expression)
            : throw owner.Fault("pattern", "must hold 'String' or 'Regex'");
    }

    private sealed class LiteralPattern(string literal) : TextPattern
    {
        public override string Literal => literal;

        public override IEnumerable<(int Start, int End)> Matches(string text, int start, int end)
        {
            int position = start;
            while (literal.Length > 0 && position < end)
            {
                int found = text.IndexOf(literal, position, end - position, StringComparison.Ordinal);
                if (found < 0)
                {
                    yield break;
                }

                yield return (found, position = found + literal.Length);
            }
        }
    }

    /// <summary>
    /// A regular expression over code points. .NET's see UTF-16 units, so each code point above U+FFFF is shown to it as one unit of the same general
    /// category from a script that patterns don't name.
    /// </summary>
    private sealed class ExpressionPattern : TextPattern
    {
        private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(2);

        private readonly string file;
        private readonly Regex regex;

        public ExpressionPattern(string file, string pattern)
        {
            this.file = file;
            try
            {
                // Anchors hold at line ends in the syntax that these files are written for.
                regex = new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.Multiline, LongestMatch);
            }
            catch (ArgumentException e)
            {
                throw new ModelFormatException(file, $"The regular expression '{pattern}' is damaged or uses what .NET's regular expressions don't have: {e.Message}", e);
            }
        }

        public override IEnumerable<(int Start, int End)> Matches(string text, int start, int end)
        {
            string part = start == 0 && end == text.Length ? text : text[start..end];
            int[]? places = null;
            if (part.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            {
                (part, places) = ShowAsUnits(part);
            }

            var found = new List<(int, int)>();
            try
            {
                foreach (ValueMatch match in regex.EnumerateMatches(part))
                {
                    int from = match.Index, to = match.Index + match.Length;
                    found.Add((start + (places?[from] ?? from), start + (places?[to] ?? to)));
                }
            }
            catch (RegexMatchTimeoutException e)
            {
                throw new ModelFormatException(file, $"The regular expression '{regex}' took more than {LongestMatch.TotalSeconds:0} seconds for one match in a text of {part.Length} characters.", e);
            }

            return found;
        }

        private static (string Units, int[] Places) ShowAsUnits(string text)
        {
            var units = new char[text.Length];
            var places = new int[text.Length + 1];
            int count = 0;
            for (int i = 0; i < text.Length; i++)
            {
                places[count] = i;
                if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length)
                {
                    units[count++] = Unit(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(text[i], text[i + 1])));
                    i++;
                }
                else
                {
                    units[count++] = text[i];
                }
            }

            places[count] = text.Length;
            return (new string(units, 0, count), places);
        }

        private static char Unit(UnicodeCategory category) => category switch
        {
            UnicodeCategory.UppercaseLetter => '\uA7AC',
            UnicodeCategory.LowercaseLetter => '\uAB30',
            UnicodeCategory.TitlecaseLetter => '\u1FBC',
            UnicodeCategory.ModifierLetter => '\uA4F8',
            UnicodeCategory.OtherLetter => '\uA4D0',
            UnicodeCategory.NonSpacingMark => '\uA806',
            UnicodeCategory.SpacingCombiningMark => '\uA823',
            UnicodeCategory.EnclosingMark => '\uA670',
            UnicodeCategory.DecimalDigitNumber => '\uAA50',
            UnicodeCategory.LetterNumber => '\uA6E6',
            UnicodeCategory.OtherNumber => '\uA830',
            UnicodeCategory.ConnectorPunctuation => '\uFE33',
            UnicodeCategory.DashPunctuation => '\uFE31',
            UnicodeCategory.OpenPunctuation => '\uFE35',
            UnicodeCategory.ClosePunctuation => '\uFE36',
            UnicodeCategory.OtherPunctuation => '\uA4FE',
            UnicodeCategory.MathSymbol => '\u29B5',
            UnicodeCategory.CurrencySymbol => '\uA838',
            UnicodeCategory.ModifierSymbol => '\uA700',
            UnicodeCategory.OtherSymbol => '\uA490',
            UnicodeCategory.Format => '\u206A',
            UnicodeCategory.PrivateUse => '\uE000',
            _ => '\uFFFF',
        };
    }
}
