namespace SafeTuneBed.Text.Jinja;

/// <summary>
/// Splits a template into text and tags and applies whitespace control as Hugging Face sets it: <c>trim_blocks</c> (a block or comment swallows the
/// line break after it), <c>lstrip_blocks</c> (and the blanks before it on its line), <c>-</c> and <c>+</c>.
/// </summary>
internal sealed class TemplateLexer(TemplateSource source)
{
    private readonly string text = source.Text;
    private readonly List<Token> tokens = [];
    private int position;

    // Whether what was read last ended a line; then blanks before a block stand at a line's beginning.
    private bool atLineStart = true;

    public static List<Token> Read(TemplateSource source)
    {
        TemplateLexer lexer = new(source);
        lexer.ReadAll();
        return lexer.tokens;
    }

    private void ReadAll()
    {
        while (FindTag(position) is var tag and >= 0)
        {
            char kind = text[tag + 1];
            char sign = tag + 2 < text.Length && text[tag + 2] is '-' or '+' ? text[tag + 2] : '\0';
            AddData(position, tag, sign, kind);
            position = tag + (sign == '\0' ? 2 : 3);
            if (kind == '#')
            {
                SkipComment(tag);
            }
            else if (kind == '%' && MatchRaw(position, "raw", out int rawEnd))
            {
                position = rawEnd;
                atLineStart = text[rawEnd - 1] == '\n';
                ReadRaw(tag);
            }
            else
            {
                ReadTag(tag, kind == '%');
            }
        }

        AddData(position, text.Length, '+', '{');
        tokens.Add(new Token(TokenKind.End, "", text.Length));
    }

    private int FindTag(int from)
    {
        while ((from = text.IndexOf('{', from)) >= 0 && from + 1 < text.Length)
        {
            if (text[from + 1] is '%' or '{' or '#')
            {
                return from;
            }

            from++;
        }

        return -1;
    }

    private void AddData(int from, int to, char sign, char kind)
    {
        int end = to;
        if (sign == '-')
        {
            while (end > from && PythonText.IsSpace(text[end - 1]))
            {
                end--;
            }
        }
        else if (sign != '+' && kind != '{')
        {
            int line = end;
            while (line > from && text[line - 1] != '\n' && PythonText.IsSpace(text[line - 1]))
            {
                line--;
            }

            bool atStart = line > from ? text[line - 1] == '\n' : atLineStart;
            end = atStart ? line : end;
        }

        if (end > from)
        {
            tokens.Add(new Token(TokenKind.Data, text[from..end], from));
        }
    }

    private void SkipComment(int tag)
    {
        int end = text.IndexOf("#}", position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw source.Fault(tag, "the comment has no end. Close it with '#}'.");
        }

        char sign = end > position ? text[end - 1] : '\0';
        Close(end + 2, sign is '-' or '+' ? sign : '\0', true);
    }

    private void ReadRaw(int tag)
    {
        for (int from = position; ; from += 2)
        {
            from = text.IndexOf("{%", from, StringComparison.Ordinal);
            if (from < 0)
            {
                throw source.Fault(tag, "the raw block has no end. Close it with '{% endraw %}'.");
            }

            char sign = from + 2 < text.Length && text[from + 2] is '-' or '+' ? text[from + 2] : '\0';
            int word = SkipSpace(from + (sign == '\0' ? 2 : 3));
            if (string.CompareOrdinal(text, word, "endraw", 0, 6) != 0)
            {
                continue;
            }

            int close = SkipSpace(word + 6);
            char closeSign = close < text.Length && text[close] is '-' or '+' ? text[close] : '\0';
            close += closeSign == '\0' ? 0 : 1;
            if (string.CompareOrdinal(text, close, "%}", 0, 2) == 0)
            {
                AddData(position, from, sign, '%');
                Close(close + 2, closeSign, true);
                return;
            }
        }
    }

    // After '{%': blanks, the word, blanks, '-%}' with the blanks behind it or '%}'. The line break behind it stays.
    private bool MatchRaw(int from, string word, out int end)
    {
        end = SkipSpace(from);
        if (string.CompareOrdinal(text, end, word, 0, word.Length) != 0)
        {
            return false;
        }

        end = SkipSpace(end + word.Length);
        if (string.CompareOrdinal(text, end, "-%}", 0, 3) == 0)
        {
            end = SkipSpace(end + 3);
            return true;
        }

        end += 2;
        return string.CompareOrdinal(text, end - 2, "%}", 0, 2) == 0;
    }

    private void ReadTag(int tag, bool block)
    {
        tokens.Add(new Token(block ? TokenKind.BlockBegin : TokenKind.VariableBegin, text.Substring(tag, 2), tag));
        TagLexer inside = new(source, tokens, position);
        position = inside.Read(block);
        if (position < text.Length)
        {
            int start = position;
            char sign = text[position] is '-' or '+' ? text[position++] : '\0';
            tokens.Add(new Token(block ? TokenKind.BlockEnd : TokenKind.VariableEnd, "", start));
            Close(position + 2, sign, block);
        }
    }

    // Behind the end of a tag: '-' swallows all blanks, a block or comment one line break.
    private void Close(int end, char sign, bool trims)
    {
        position = sign == '-' ? SkipSpace(end) : sign != '+' && trims && end < text.Length && text[end] == '\n' ? end + 1 : end;
        atLineStart = text[position - 1] == '\n';
    }

    private int SkipSpace(int from)
    {
        while (from < text.Length && PythonText.IsSpace(text[from]))
        {
            from++;
        }

        return from;
    }
}
