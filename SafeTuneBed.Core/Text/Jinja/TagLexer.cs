using System.Globalization;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Reads the tokens within one tag.</summary>
internal sealed class TagLexer(TemplateSource source, List<Token> tokens, int start)
{
    private static readonly string[] Pairs = ["//", "**", "==", "!=", ">=", "<="];

    private readonly string text = source.Text;
    private readonly Stack<(char Close, int Position)> open = [];
    private int position = start;

    /// <summary>Reads up to the tag's end and returns where that begins; the text's end if there is none.</summary>
    public int Read(bool block)
    {
        while (position < text.Length)
        {
            char c = text[position];
            if (PythonText.IsSpace(c))
            {
                position++;
            }
            else if (open.Count == 0 && IsEnd(block))
            {
                return position;
            }
            else if (char.IsAsciiDigit(c))
            {
                ReadNumber();
            }
            else if (IsNamePart(c))
            {
                ReadName();
            }
            else if (c is '\'' or '"')
            {
                ReadText(c);
            }
            else
            {
                ReadOperator(c);
            }
        }

        return position;
    }

    private bool IsEnd(bool block)
    {
        int at = text[position] == '-' || (block && text[position] == '+') ? position + 1 : position;
        return string.CompareOrdinal(text, at, block ? "%}" : "}}", 0, 2) == 0;
    }

    private void ReadName()
    {
        int from = position;
        while (position < text.Length && IsNamePart(text[position]))
        {
            position++;
        }

        string name = text[from..position];
        if (!char.IsLetter(name[0]) && name[0] != '_' && char.GetUnicodeCategory(name[0]) != UnicodeCategory.LetterNumber)
        {
            throw source.Fault(from, "a name must begin with a letter or an underscore.");
        }

        tokens.Add(new Token(TokenKind.Name, name, from));
    }

    private static bool IsNamePart(char c) => char.IsLetterOrDigit(c) || c == '_' || char.GetUnicodeCategory(c) is
        UnicodeCategory.LetterNumber or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ConnectorPunctuation;

    private void ReadNumber()
    {
        int from = position;
        int whole = SkipDigits(from);
        int fraction = whole < text.Length && text[whole] == '.' ? SkipDigits(whole + 1) : -1;
        int mantissa = fraction > whole + 1 ? fraction : whole;
        int exponent = SkipExponent(mantissa);
        bool afterPoint = from > 0 && text[from - 1] == '.';
        if (!afterPoint && (exponent > mantissa || mantissa > whole))
        {
            position = exponent;
            double number = double.Parse(Digits(from, exponent), NumberStyles.Float, CultureInfo.InvariantCulture);
            tokens.Add(new Token(TokenKind.Number, "", from, new FloatValue(number)));
            return;
        }

        tokens.Add(new Token(TokenKind.Number, "", from, new IntegerValue(ReadInteger(from, whole))));
    }

    private long ReadInteger(int from, int whole)
    {
        try
        {
            if (text[from] == '0' && from + 1 < text.Length && char.ToLowerInvariant(text[from + 1]) is var mark and ('x' or 'o' or 'b'))
            {
                int radix = mark == 'x' ? 16 : mark == 'o' ? 8 : 2;
                int end = from + 2;
                while (end < text.Length && (IsDigit(text[end], radix) || (text[end] == '_' && end + 1 < text.Length && IsDigit(text[end + 1], radix))))
                {
                    end++;
                }

                if (end > from + 2)
                {
                    position = end;
                    return checked((long)Convert.ToUInt64(Digits(from + 2, end), radix));
                }
            }

            // A leading zero stands alone: '007' is three numbers, and thereby a fault of syntax.
            int stop = whole;
            if (text[from] == '0')
            {
                stop = from + 1;
                while (stop < whole && text[stop] is '0' or '_')
                {
                    stop++;
                }
            }

            position = stop;
            return long.Parse(Digits(from, stop), NumberStyles.None, CultureInfo.InvariantCulture);
        }
        catch (OverflowException)
        {
            throw source.Fault(from, "the number lies outside of 64-bit integers.");
        }
    }

    private static bool IsDigit(char c, int radix) => radix == 16 ? char.IsAsciiHexDigit(c) : c >= '0' && c < '0' + radix;

    private string Digits(int from, int to) => text[from..to].Replace("_", "", StringComparison.Ordinal);

    // Digits with single underscores between them.
    private int SkipDigits(int at)
    {
        while (at < text.Length && (char.IsAsciiDigit(text[at])
            || (text[at] == '_' && at > 0 && char.IsAsciiDigit(text[at - 1]) && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]))))
        {
            at++;
        }

        return at;
    }

    private int SkipExponent(int at)
    {
        if (at >= text.Length || text[at] is not ('e' or 'E'))
        {
            return at;
        }

        int digits = at + 1 < text.Length && text[at + 1] is '+' or '-' ? at + 2 : at + 1;
        int end = SkipDigits(digits);
        return end > digits && text[digits] != '_' ? end : at;
    }

    private void ReadText(char quote)
    {
        int from = position++;
        while (position < text.Length && text[position] != quote)
        {
            position += text[position] == '\\' ? 2 : 1;
        }

        if (position >= text.Length)
        {
            throw source.Fault(from, $"the text has no end. Close it with {quote}.");
        }

        string raw = text[(from + 1)..position++];
        tokens.Add(new Token(TokenKind.Text, TextEscapes.Resolve(raw, problem => source.Fault(from, problem)), from));
    }

    private void ReadOperator(char c)
    {
        int from = position;
        string symbol = Pairs.FirstOrDefault(pair => string.CompareOrdinal(text, from, pair, 0, 2) == 0) ?? c.ToString();
        if (symbol.Length == 1 && !"+-*/%~[](){}<>=.:|,;".Contains(c, StringComparison.Ordinal))
        {
            throw source.Fault(from, $"the character U+{(int)c:X4} has no meaning here.");
        }

        if (c is '(' or '[' or '{')
        {
            open.Push((c == '(' ? ')' : c == '[' ? ']' : '}', from));
        }
        else if (c is ')' or ']' or '}' && (!open.TryPop(out var opened) || opened.Close != c))
        {
            throw source.Fault(from, opened.Close == '\0' ? $"'{c}' closes nothing." : $"'{c}' stands where '{opened.Close}' should.");
        }

        position += symbol.Length;
        tokens.Add(new Token(TokenKind.Operator, symbol, from));
    }
}
