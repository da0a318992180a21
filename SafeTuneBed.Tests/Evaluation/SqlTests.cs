using System.Text.Json;
using SafeTuneBed.Sql;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>Queries on made-up databases, with the records of a real corpus.</summary>
public sealed class SqlTests
{
    private const string People = "CREATE TABLE people (Name VARCHAR, Age INTEGER, City VARCHAR); CREATE TABLE city (Name VARCHAR, Size INTEGER)";

    [Theory]
    [InlineData("SELECT name FROM people WHERE age > 3", "select  NAME from people where Age>3;", true)]
    [InlineData("SELECT name FROM people WHERE city = \"Rome\"", "SELECT name FROM people WHERE city = 'Rome'", true)]
    [InlineData("SELECT name FROM people WHERE city = 'Rome'", "SELECT name FROM people WHERE city = 'rome'", false)]
    [InlineData("SELECT T1.name FROM people AS T1", "SELECT T1.name FROM people T1", true)]
    [InlineData("SELECT name FROM people WHERE age <> 3", "SELECT name FROM people WHERE (age != 3)", true)]
    [InlineData("SELECT COUNT(name) FROM people", "SELECT COUNT name FROM people", false)]
    [InlineData("SELECT name FROM people WHERE age IN (3)", "SELECT name FROM people WHERE age IN 3", false)]
    [InlineData("SELECT name FROM people WHERE age > 3 AND age < 5", "SELECT name FROM people WHERE age < 5 AND age > 3", false)]
    [InlineData("SELECT \"name\" FROM people", "SELECT name FROM people", true)]
    public void Normalize_TwoQueries_AreEqualWhereOnlyTheWritingDiffers(string first, string second, bool equal)
    {
        var schema = SqlSchema.Read(People);
        Assert.Equal(equal, SqlNormalizer.Normalize(first, schema) == SqlNormalizer.Normalize(second, schema));
    }

    [Theory]
    [InlineData("SELECT 1; DROP TABLE x", "SELECT 1")]
    [InlineData("Here it is:\n```sql\nSELECT a\nFROM b;\n```\nDone.", "SELECT a\nFROM b")]
    [InlineData("SELECT ';' FROM b\n\nThis gives all.", "SELECT ';' FROM b")]
    [InlineData("  SELECT a FROM b  ", "SELECT a FROM b")]
    [InlineData("", "")]
    public void Extract_Answers_GiveTheFirstStatement(string answer, string query) => Assert.Equal(query, SqlText.Extract(answer));

    [Theory]
    [InlineData("SELECT name FROM people WHERE age > 2", "SELECT Name FROM people WHERE NOT age <= 2", "Equal")]
    [InlineData("SELECT name FROM people WHERE age > 2", "SELECT name FROM people WHERE age >= 2", "Different")]
    [InlineData("SELECT name FROM people ORDER BY age, name, city", "SELECT name FROM people ORDER BY age DESC, name, city", "Different")]
    [InlineData("SELECT name FROM people", "SELECT name FROM people ORDER BY age", "Equal")]
    [InlineData("SELECT name, age FROM people", "SELECT age, name FROM people", "Different")]
    [InlineData("SELECT AVG(age) FROM people", "SELECT SUM(age) * 1.0 / COUNT(*) FROM people", "Equal")]
    [InlineData("SELECT name FROM people", "SELECT nobody FROM people", "Error")]
    [InlineData("SELECT name FROM people", "", "Error")]
    [InlineData("SELECT name FROM people", "DELETE FROM people", "Error")]
    [InlineData("SELECT name FROM people", "PRAGMA table_info(people)", "Error")]
    [InlineData("SELECT name FROM people", "ATTACH 'x.db' AS x", "Error")]
    [InlineData("SELECT name FROM people", "SELECT load_extension('x')", "Error")]
    [InlineData("SELECT name FROM people", "SELECT name FROM people WHERE random() > 0", "Error")]
    [InlineData("SELECT name FROM people", "SELECT zeroblob(2000000000)", "Error")]
    [InlineData("SELECT name FROM people", "SELECT $x", "Error")]
    [InlineData("SELECT name FROM people", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n", "TooCostly")]
    [InlineData("SELECT name FROM people", "SELECT 1 FROM people a, people b, people c, people d, people e", "TooCostly")]
    [InlineData("SELECT nobody FROM people", "SELECT name FROM people", "GoldFails")]
    [InlineData("SELECT name FROM people WHERE 1 = 0", "SELECT name FROM people WHERE 1 = 0", "GoldEmpty")]
    public void Judge_OneAnswer_HasItsVerdict(string gold, string answer, string verdict) => Assert.Equal(verdict, SqlExecution.Judge("id", People, gold, answer).ToString());

    [Fact]
    public void Schema_RepeatedTablesAndConstraints_AreMerged()
    {
        var schema = SqlSchema.Read("CREATE TABLE a (x INT PRIMARY KEY, y VARCHAR(10) NOT NULL, PRIMARY KEY (x), FOREIGN KEY (y) REFERENCES b(y)); create table A (Y VARCHAR, z DECIMAL(3, 2)); CREATE TABLE IF NOT EXISTS [b c] (\"d e\" TEXT)");
        Assert.Equal(["a: x INT, y VARCHAR, z DECIMAL", "b c: d e TEXT"], schema.Tables.Select(t => $"{t.Name}: {string.Join(", ", t.Columns.Select(c => $"{c.Name} {c.Type}"))}"));
    }

    [Fact]
    public void Judge_GoldQueriesOfTheCorpus_RunAfterMergingAndEqualThemselves()
    {
        (string Id, string Context, string Gold)[] records = [.. Records("train1000.json"), .. Records("test200.json")];
        Assert.Equal(1_200, records.Length);
        SqlVerdict[] verdicts = [.. records.AsParallel().AsOrdered().WithDegreeOfParallelism(2).Select(r => SqlExecution.Judge(r.Id, r.Context, r.Gold, r.Gold))];
        Assert.Equal((1_170, 971, 199), (verdicts.Count(Runs), verdicts.Take(1_000).Count(Runs), verdicts.Skip(1_000).Count(Runs)));
        Assert.DoesNotContain(verdicts, v => v is SqlVerdict.Different or SqlVerdict.Error or SqlVerdict.TooCostly);

        static bool Runs(SqlVerdict verdict) => verdict != SqlVerdict.GoldFails;
    }

    [Fact]
    public void Judge_ChangedQueries_AreFoundOutByTenDatabases()
    {
        var mutants = Records("train1000.json").Concat(Records("test200.json")).SelectMany(r => Mutants(r.Gold).Select(m => (r.Id, r.Context, r.Gold, Mutant: m))).ToArray();
        var verdicts = mutants.AsParallel().WithDegreeOfParallelism(2).Select(m => SqlExecution.Judge(m.Id, m.Context, m.Gold, m.Mutant))
            .Where(v => v is not (SqlVerdict.GoldFails or SqlVerdict.GoldEmpty)).ToArray();
        Assert.InRange(verdicts.Length, 500, mutants.Length);
        double found = verdicts.Count(v => v != SqlVerdict.Equal) / (double)verdicts.Length;
        Assert.True(found >= 0.95, $"{found:0.0000} of {verdicts.Length}");
    }

    // Single changes that a query with another meaning has.
    private static IEnumerable<string> Mutants(string gold)
    {
        foreach ((string from, string to) in new[] { ("MAX(", "MIN("), ("MIN(", "MAX("), ("COUNT(", "SUM("), ("SUM(", "COUNT("), ("AVG(", "MAX("), (" > ", " >= "), (" < ", " <= "), (" = ", " <> "), (" DESC", " ASC") })
        {
            int at = gold.IndexOf(from, StringComparison.Ordinal);
            if (at >= 0 && !gold.Contains(" JOIN ", StringComparison.Ordinal))
            {
                yield return gold[..at] + to + gold[(at + from.Length)..];
            }
        }

        int cut = gold.IndexOf(" AND ", StringComparison.Ordinal);
        if (cut > 0 && !gold.Contains("BETWEEN", StringComparison.Ordinal) && !gold.Contains('(', StringComparison.Ordinal))
        {
            yield return gold[..cut];
        }
    }

    private static (string Id, string Context, string Gold)[] Records(string file)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(SharedFolder.Require("data", "sqlgen", file)));
        return [.. json.RootElement.EnumerateArray().Select((r, i) => ($"{file}#{i}", r.GetProperty("context").GetString()!, r.GetProperty("answer").GetString()!.Trim().TrimEnd(';')))];
    }
}
