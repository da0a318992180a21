using System.Globalization;

namespace SafeTuneBed.Text.Tokenizing;

/// <summary>
/// Cuts text into words as the regular expressions of GPT-2 and of Llama-3 and Qwen-2 do, by hand: .NET's expressions see UTF-16 units, so letters and
/// digits above U+FFFF would be taken for symbols, and a scan is many times faster.
/// </summary>
internal abstract class WordScanner
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|";
    private const string Llama3 = Contractions + @"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2 = Contractions + @"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Gpt2Expression = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private static readonly byte[] Classes = MakeClasses();

    /// <summary>The pattern of GPT-2: contractions in small letters; a blank belongs to the word behind it.</summary>
    public static WordScanner Gpt2 { get; } = new Gpt2Scanner();

    /// <summary>What a code point is to the patterns.</summary>
    protected enum Kind : byte
    {
        Other,
        Letter,
        Number,
        Space,
    }

    /// <summary>The scanner of a known expression; null for others.</summary>
    public static WordScanner? ForExpression(string? expression) => expression switch
    {
        Gpt2Expression => Gpt2,
        Llama3 => new Llama3Scanner(3),
        Qwen2 => new Llama3Scanner(1),
        _ => null,
    };

    /// <summary>Appends the words from <paramref name="start"/> to <paramref name="end"/>; together they cover everything.</summary>
    public void Cut(string text, int start, int end, List<(int Start, int End)> ranges)
    {
        ReadOnlySpan<char> stretch = text.AsSpan(start, end - start);
        int position = 0;
        while (position < stretch.Length)
        {
            int word = Next(stretch[position..]);
            ranges.Add((start + position, start + position + word));
            position += word;
        }
    }

    /// <summary>The length of the word at the beginning of a text that isn't empty.</summary>
    protected abstract int Next(ReadOnlySpan<char> text);

    /// <summary>The kind and length in units of the code point at a place.</summary>
    protected static Kind At(ReadOnlySpan<char> text, int position, out int length)
    {
        char c = text[position];
        length = 1;
        if (!char.IsHighSurrogate(c) || position + 1 >= text.Length)
        {
            return (Kind)Classes[c];
        }

        length = 2;
        return KindOf(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(c, text[position + 1])));
    }

    /// <summary>The end of the run of one kind that begins at a place.</summary>
    protected static int RunEnd(ReadOnlySpan<char> text, int position, Kind kind)
    {
        while (position < text.Length && At(text, position, out int length) == kind)
        {
            position += length;
        }

        return position;
    }

    /// <summary>The length of white space by <c>\s+(?!\S)|\s+</c>: all of it at the end of the text, else all but its last character.</summary>
    protected static int SpaceLength(ReadOnlySpan<char> text, int runEnd) => runEnd == text.Length || runEnd == 1 ? runEnd : runEnd - 1;

    /// <summary>The length of a contraction at the beginning of a text; 0 for none.</summary>
    protected static int ContractionLength(ReadOnlySpan<char> text, bool ignoreCase)
    {
        if (text.Length < 2 || text[0] != '\'')
        {
            return 0;
        }

        char first = Fold(text[1], ignoreCase);
        if (first is 's' or 't' or 'm' or 'd')
        {
            return 2;
        }

        char second = text.Length > 2 ? Fold(text[2], ignoreCase) : '\0';
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    /// <summary>Small letters; the long s (U+017F) is an s by Unicode's case folding.</summary>
    private static char Fold(char c, bool ignoreCase) => !ignoreCase ? c : c == '\u017F' ? 's' : c is >= 'A' and <= 'Z' ? (char)(c | 0x20) : c;

    private static byte[] MakeClasses()
    {
        var classes = new byte[0x10000];
        for (int c = 0; c < classes.Length; c++)
        {
            classes[c] = (byte)(char.IsWhiteSpace((char)c) ? Kind.Space : KindOf(CharUnicodeInfo.GetUnicodeCategory((char)c)));
        }

        return classes;
    }

    private static Kind KindOf(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => Kind.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
        _ => Kind.Other,
    };

    private sealed class Gpt2Scanner : WordScanner
    {
        protected override int Next(ReadOnlySpan<char> text)
        {
            if (ContractionLength(text, ignoreCase: false) is > 0 and var contraction)
            {
                return contraction;
            }

            int word = text[0] == ' ' && text.Length > 1 ? 1 : 0;
            Kind kind = At(text, word, out int length);
            return kind == Kind.Space ? SpaceLength(text, RunEnd(text, 0, Kind.Space)) : RunEnd(text, word + length, kind);
        }
    }

    /// <param name="digits">The most digits in one word.</param>
    private sealed class Llama3Scanner(int digits) : WordScanner
    {
        protected override int Next(ReadOnlySpan<char> text)
        {
            if (ContractionLength(text, ignoreCase: true) is > 0 and var contraction)
            {
                return contraction;
            }

            Kind kind = At(text, 0, out int length);
            bool lineEnd = text[0] is '\r' or '\n';
            if (kind == Kind.Letter || (kind != Kind.Number && !lineEnd && length < text.Length && At(text, length, out _) == Kind.Letter))
            {
                return RunEnd(text, length, Kind.Letter);
            }

            if (kind == Kind.Number)
            {
                int end = length;
                for (int n = 1; n < digits && end < text.Length && At(text, end, out int next) == Kind.Number; n++)
                {
                    end += next;
                }

                return end;
            }

            int symbols = text[0] == ' ' ? 1 : 0;
            int symbolsEnd = RunEnd(text, symbols, Kind.Other);
            if (symbolsEnd > symbols)
            {
                while (symbolsEnd < text.Length && text[symbolsEnd] is '\r' or '\n')
                {
                    symbolsEnd++;
                }

                return symbolsEnd;
            }

            int spaceEnd = RunEnd(text, 0, Kind.Space);
            int lastLineEnd = text[..spaceEnd].LastIndexOfAny('\r', '\n');
            return lastLineEnd >= 0 ? lastLineEnd + 1 : SpaceLength(text, spaceEnd);
        }
    }
}
