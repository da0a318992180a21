namespace SafeTuneBed.Sql;

/// <summary>
/// Brings queries that differ in writing alone to the same form: case of keywords and names, white space, the kind of quotes, "not equal", AS, brackets around everything or
/// around a single operand. Nothing is put into another order.
/// </summary>
internal static class SqlNormalizer
{
    /// <summary>The form.</summary>
    /// <param name="sql">One query, with or without a final semicolon.</param>
    /// <param name="schema">The tables, which tell double-quoted names from texts.</param>
    public static string Normalize(string sql, SqlSchema schema)
    {
        List<string> tokens = [.. SqlToken.Read(sql).Where(t => !t.Is("AS") && !t.Is(";")).Select(t => Fold(t, schema))];
        while (FindRedundant(tokens) is var (open, close))
        {
            tokens.RemoveAt(close);
            tokens.RemoveAt(open);
        }

        return string.Join(' ', tokens);
    }

    private static string Fold(SqlToken token, SqlSchema schema) => token.Kind switch
    {
        SqlTokenKind.Literal => Literal(token.Text),
        SqlTokenKind.DoubleQuoted => schema.Names(token.Text) ? token.Text.ToLowerInvariant() : Literal(token.Text),
        SqlTokenKind.Symbol when token.Text == "!=" => "<>",
        SqlTokenKind.Symbol when token.Text == "==" => "=",
        _ => token.Text.ToLowerInvariant(),
    };

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    // Brackets around a single operand, unless they are a function's or a list's; and brackets directly within brackets.
    private static (int Open, int Close)? FindRedundant(List<string> tokens)
    {
        var open = new Stack<int>();
        for (int i = 0; i < tokens.Count; i++)
        {
            if (tokens[i] == "(")
            {
                open.Push(i);
            }
            else if (tokens[i] == ")" && open.TryPop(out int start))
            {
                bool isCall = start > 0 && (IsName(tokens[start - 1]) || tokens[start - 1] == "in");
                bool isWhole = start == 0 && i == tokens.Count - 1;
                bool isDoubled = start > 0 && i + 1 < tokens.Count && tokens[start - 1] == "(" && tokens[i + 1] == ")";
                if (isWhole || isDoubled || (!isCall && i == start + 2) || (!isCall && IsComparison(tokens, start, i)))
                {
                    return (start, i);
                }
            }
        }

        return null;
    }

    // One comparison in brackets between AND, OR, WHERE and the like.
    private static bool IsComparison(List<string> tokens, int open, int close) =>
        close == open + 4 && tokens[open + 2] is "=" or "<>" or "<" or ">" or "<=" or ">=" && (open == 0 || tokens[open - 1] is "where" or "and" or "or" or "on" or "having");

    private static bool IsName(string token) => (char.IsLetterOrDigit(token[0]) || token[0] == '_')
        && token is not ("where" or "and" or "or" or "not" or "on" or "having" or "select" or "by" or "then" or "when" or "else" or "from" or "join" or "like" or "between" or "distinct" or "union" or "intersect" or "except" or "all");
}
