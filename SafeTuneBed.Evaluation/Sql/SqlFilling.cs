using System.Globalization;
using SafeTuneBed.Statistics;

namespace SafeTuneBed.Sql;

/// <summary>
/// Rows for tables that a record declares but does not fill. Values come by chance, mostly those that the right query speaks of, so that its conditions hold now and
/// then; and small numbers, so that joins meet. They never depend on the answer that is judged: all methods are compared on the same databases.
/// </summary>
internal sealed class SqlFilling
{
    private const int Rows = 12;

    private readonly SqlSchema schema;
    private readonly string[] literals;
    private readonly decimal[] numbers;

    /// <summary>Reads what the right query speaks of.</summary>
    public SqlFilling(SqlSchema schema, string gold)
    {
        this.schema = schema;
        List<SqlToken> tokens = SqlToken.Read(gold);
        literals =
        [
            .. tokens.Where(t => t.Kind == SqlTokenKind.Literal || (t.Kind == SqlTokenKind.DoubleQuoted && !schema.Names(t.Text)))
                .Select(t => t.Text.Trim('%')).Distinct(StringComparer.Ordinal),
        ];
        numbers =
        [
            .. tokens.Where(t => t.Kind == SqlTokenKind.Number).Select(t => decimal.TryParse(t.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal n) ? n : (decimal?)null)
                .OfType<decimal>().Distinct(),
        ];
    }

    /// <summary>The rows of each table in one database.</summary>
    /// <param name="id">The record.</param>
    /// <param name="index">Which of its databases.</param>
    public IEnumerable<(SqlTable Table, IReadOnlyList<IReadOnlyList<object>> Rows)> Make(string id, int index)
    {
        var random = new SeededRandom(SeededRandom.SeedOf(string.Create(CultureInfo.InvariantCulture, $"stbsql1 {id} {index}")));
        foreach (SqlTable table in schema.Tables)
        {
            yield return (table, [.. Enumerable.Range(0, Rows).Select(_ => (IReadOnlyList<object>)[.. table.Columns.Select(c => c.IsNumber ? Number(random) : Text(random))])]);
        }
    }

    private object Number(SeededRandom random)
    {
        if (numbers.Length == 0 || random.NextIndex(2) == 0)
        {
            return 1L + random.NextIndex(4);
        }

        decimal number = numbers[random.NextIndex(numbers.Length)] + random.NextIndex(4) switch { 0 => -1, 1 => 1, _ => 0 };
        return number == decimal.Truncate(number) && number is >= long.MinValue and <= long.MaxValue ? (long)number : (double)number;
    }

    private string Text(SeededRandom random)
    {
        int choice = random.NextIndex(100);
        return choice < 55 && literals.Length > 0 ? literals[random.NextIndex(literals.Length)]
            : choice < 75 && numbers.Length > 0 ? numbers[random.NextIndex(numbers.Length)].ToString(CultureInfo.InvariantCulture)
            : choice < 90 ? (1 + random.NextIndex(4)).ToString(CultureInfo.InvariantCulture)
            : $"v{(1 + random.NextIndex(5)).ToString(CultureInfo.InvariantCulture)}";
    }
}
