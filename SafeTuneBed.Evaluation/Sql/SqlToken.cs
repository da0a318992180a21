using System.Text;

namespace SafeTuneBed.Sql;

/// <summary>Kinds of tokens.</summary>
internal enum SqlTokenKind
{
    /// <summary>A keyword or name.</summary>
    Word,

    /// <summary>A number.</summary>
    Number,

    /// <summary>A text in single quotes.</summary>
    Literal,

    /// <summary>Something in double quotes: a name, or by SQLite's old rule a text.</summary>
    DoubleQuoted,

    /// <summary>A name in back quotes or brackets.</summary>
    Name,

    /// <summary>An operator or punctuation.</summary>
    Symbol,
}

/// <summary>One token of a query.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Text">Its text without quotes.</param>
internal readonly record struct SqlToken(SqlTokenKind Kind, string Text)
{
    private static readonly string[] Pairs = ["<=", ">=", "<>", "!=", "==", "||"];

    /// <summary>Whether it is this keyword or symbol.</summary>
    public bool Is(string text) => Kind is SqlTokenKind.Word or SqlTokenKind.Symbol && string.Equals(Text, text, StringComparison.OrdinalIgnoreCase);

    /// <summary>The tokens of a text; comments are left out, and what is not closed ends with the text.</summary>
    public static List<SqlToken> Read(string sql)
    {
        var tokens = new List<SqlToken>();
        for (int i = 0; i < sql.Length;)
        {
            char c = sql[i];
            if (char.IsWhiteSpace(c))
            {
                i++;
            }
            else if (sql.AsSpan(i).StartsWith("--"))
            {
                int end = sql.IndexOf('\n', i);
                i = end < 0 ? sql.Length : end;
            }
            else if (sql.AsSpan(i).StartsWith("/*"))
            {
                int end = sql.IndexOf("*/", i + 2, StringComparison.Ordinal);
                i = end < 0 ? sql.Length : end + 2;
            }
            else if (c is '\'' or '"' or '`' or '[')
            {
                tokens.Add(Quoted(sql, ref i));
            }
            else if (char.IsAsciiDigit(c) || (c == '.' && i + 1 < sql.Length && char.IsAsciiDigit(sql[i + 1])))
            {
                tokens.Add(Number(sql, ref i));
            }
            else if (IsWord(c))
            {
                int start = i;
                while (i < sql.Length && IsWord(sql[i]))
                {
                    i++;
                }

                tokens.Add(new SqlToken(SqlTokenKind.Word, sql[start..i]));
            }
            else
            {
                string text = i + 1 < sql.Length && Pairs.Contains(sql[i..(i + 2)], StringComparer.Ordinal) ? sql[i..(i + 2)] : c.ToString();
                tokens.Add(new SqlToken(SqlTokenKind.Symbol, text));
                i += text.Length;
            }
        }

        return tokens;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '$';

    private static SqlToken Quoted(string sql, ref int i)
    {
        char open = sql[i], close = open == '[' ? ']' : open;
        var text = new StringBuilder();
        for (i++; i < sql.Length; i++)
        {
            if (sql[i] != close)
            {
                text.Append(sql[i]);
            }
            else if (open != '[' && i + 1 < sql.Length && sql[i + 1] == close)
            {
                text.Append(close);
                i++;
            }
            else
            {
                break;
            }
        }

        i = Math.Min(i + 1, sql.Length);
        return new SqlToken(open switch { '\'' => SqlTokenKind.Literal, '"' => SqlTokenKind.DoubleQuoted, _ => SqlTokenKind.Name }, text.ToString());
    }

    // Digits that letters follow are a name, as in 2nd_place.
    private static SqlToken Number(string sql, ref int i)
    {
        int start = i;
        while (i < sql.Length && (char.IsAsciiDigit(sql[i]) || sql[i] == '.'))
        {
            i++;
        }

        if (i < sql.Length && sql[i] is 'e' or 'E')
        {
            int digits = i + 1 < sql.Length && sql[i + 1] is '+' or '-' ? i + 2 : i + 1;
            if (digits < sql.Length && char.IsAsciiDigit(sql[digits]))
            {
                for (i = digits; i < sql.Length && char.IsAsciiDigit(sql[i]); i++)
                {
                }
            }
        }

        if (i < sql.Length && IsWord(sql[i]))
        {
            while (i < sql.Length && IsWord(sql[i]))
            {
                i++;
            }

            return new SqlToken(SqlTokenKind.Word, sql[start..i]);
        }

        return new SqlToken(SqlTokenKind.Number, sql[start..i]);
    }
}
