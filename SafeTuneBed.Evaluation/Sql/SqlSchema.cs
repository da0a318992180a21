namespace SafeTuneBed.Sql;

/// <summary>One column.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its declared type; may be empty.</param>
internal sealed record SqlColumn(string Name, string Type)
{
    private static readonly string[] NumberTypes = ["INT", "NUM", "REAL", "FLOA", "DOUB", "DEC"];

    /// <summary>Whether its type is one of numbers.</summary>
    public bool IsNumber => NumberTypes.Any(t => Type.Contains(t, StringComparison.OrdinalIgnoreCase));
}

/// <summary>One table.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Columns">Its columns.</param>
internal sealed record SqlTable(string Name, IReadOnlyList<SqlColumn> Columns);

/// <summary>
/// The tables that CREATE TABLE statements declare. A table declared several times has the columns of all declarations, each once: many records repeat tables.
/// </summary>
internal sealed class SqlSchema
{
    private static readonly string[] Constraints = ["PRIMARY", "FOREIGN", "UNIQUE", "CONSTRAINT", "CHECK"];

    private SqlSchema(IReadOnlyList<SqlTable> tables) => Tables = tables;

    /// <summary>The tables, in the order of their first declaration.</summary>
    public IReadOnlyList<SqlTable> Tables { get; }

    /// <summary>Whether a table or column has this name, in any case.</summary>
    public bool Names(string name) => Tables.Any(t => IsSame(t.Name, name) || t.Columns.Any(c => IsSame(c.Name, name)));

    /// <summary>Reads the statements; what is no CREATE TABLE is skipped.</summary>
    public static SqlSchema Read(string context)
    {
        List<SqlToken> tokens = SqlToken.Read(context);
        var tables = new List<(string Name, List<SqlColumn> Columns)>();
        for (int i = 0; i + 2 < tokens.Count; i++)
        {
            if (!tokens[i].Is("CREATE") || !tokens[i + 1].Is("TABLE"))
            {
                continue;
            }

            int open = tokens.FindIndex(i, t => t.Is("("));
            if (open < 0)
            {
                break;
            }

            string name = tokens[open - 1].Text;
            if (tables.FindIndex(t => IsSame(t.Name, name)) is var at && at < 0)
            {
                at = tables.Count;
                tables.Add((name, []));
            }

            i = AddColumns(tokens, open, tables[at].Columns);
        }

        return new SqlSchema([.. tables.Select(t => new SqlTable(t.Name, t.Columns))]);
    }

    // Gives the place of the closing bracket.
    private static int AddColumns(List<SqlToken> tokens, int open, List<SqlColumn> columns)
    {
        int depth = 1, i = open + 1;
        var column = new List<SqlToken>();
        for (; i < tokens.Count; i++)
        {
            depth += tokens[i].Is("(") ? 1 : tokens[i].Is(")") ? -1 : 0;
            if (depth == 0 || (depth == 1 && tokens[i].Is(",")))
            {
                AddColumn(column, columns);
                column.Clear();
                if (depth == 0)
                {
                    break;
                }
            }
            else
            {
                column.Add(tokens[i]);
            }
        }

        return i;
    }

    private static void AddColumn(List<SqlToken> column, List<SqlColumn> columns)
    {
        bool isConstraint = column.Count > 1 && Constraints.Any(c => column[0].Is(c)) && (column[1].Is("KEY") || column[1].Is("(") || column[0].Is("CONSTRAINT"));
        if (column.Count > 0 && !isConstraint && columns.All(c => !IsSame(c.Name, column[0].Text)))
        {
            string type = string.Join(' ', column.Skip(1).TakeWhile(t => t.Kind == SqlTokenKind.Word && !Constraints.Any(t.Is) && !t.Is("NOT") && !t.Is("DEFAULT")).Select(t => t.Text));
            columns.Add(new SqlColumn(column[0].Text, type));
        }
    }

    private static bool IsSame(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
