using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace SafeTuneBed.Sql;

/// <summary>A query could not be run to its end.</summary>
internal sealed class SqlFailedException(string message, bool ranTooLong) : Exception(message)
{
    /// <summary>Whether it was stopped for its cost.</summary>
    public bool RanTooLong { get; } = ranTooLong;
}

/// <summary>
/// A filled database in memory that answers queries of anybody: after filling only reading is allowed, and a query that computes too long, or gives too many rows or too long
/// texts, is stopped. The limits count steps, not seconds, so that verdicts are the same on every machine.
/// </summary>
internal sealed class SqlDatabase : IDisposable
{
    private const int MostRows = 10_000, MostBytes = 1_000_000, StepsPerLook = 1_000, MostLooks = 20_000;

    // Names of sqlite3.h.
    private const int LimitLength = 0, ConfigDoubleQuotedText = 1013, ActionRead = 20, ActionSelect = 21, ActionFunction = 31, ActionRecursive = 33, Denied = 1, Interrupted = 9;
    private static readonly string[] Fickle = ["random", "randomblob", "load_extension", "current_timestamp", "date", "time", "datetime", "julianday", "unixepoch", "strftime"];

    private readonly SqliteConnection connection;
    private int looks;

    /// <summary>Creates and fills it.</summary>
    public SqlDatabase(IEnumerable<(SqlTable Table, IReadOnlyList<IReadOnlyList<object>> Rows)> tables)
    {
        connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        sqlite3 handle = connection.Handle!;

        // Records write texts in double quotes; builds of SQLite differ in whether they allow it.
        _ = raw.sqlite3_db_config(handle, ConfigDoubleQuotedText, 1, out _);
        foreach ((SqlTable table, IReadOnlyList<IReadOnlyList<object>> rows) in tables)
        {
            Execute($"CREATE TABLE {Quote(table.Name)} ({string.Join(", ", table.Columns.Select(c => $"{Quote(c.Name)} {c.Type}"))})");
            foreach (IReadOnlyList<object> row in rows)
            {
                Execute($"INSERT INTO {Quote(table.Name)} VALUES ({string.Join(", ", row.Select((_, i) => $"$p{i}"))})", row);
            }
        }

        raw.sqlite3_limit(handle, LimitLength, MostBytes);
        raw.sqlite3_set_authorizer(handle, Authorize, null);
        raw.sqlite3_progress_handler(handle, StepsPerLook, _ => ++looks > MostLooks ? 1 : 0, null);
    }

    /// <summary>The rows of a query.</summary>
    /// <exception cref="SqlFailedException">It is no query of one statement, names what is not there, or costs too much.</exception>
    public IReadOnlyList<object?[]> Query(string sql)
    {
        looks = 0;
        try
        {
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = sql;
            using SqliteDataReader reader = command.ExecuteReader();
            var rows = new List<object?[]>();
            while (reader.Read())
            {
                if (rows.Count == MostRows)
                {
                    throw new SqlFailedException("It gives too many rows.", ranTooLong: true);
                }

                object?[] row = new object?[reader.FieldCount];
                for (int i = 0; i < row.Length; i++)
                {
                    row[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
                }

                rows.Add(row);
            }

            return reader.FieldCount == 0 ? throw new SqlFailedException("It is no query.", ranTooLong: false) : rows;
        }
        catch (SqliteException e)
        {
            throw new SqlFailedException(e.Message, e.SqliteErrorCode == Interrupted);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or OverflowException)
        {
            throw new SqlFailedException(e.Message, ranTooLong: false); // parameters without a value, texts that are no text
        }
    }

    /// <summary>Closes it.</summary>
    public void Dispose() => connection.Dispose();

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static int Authorize(object? data, int action, utf8z first, utf8z second, utf8z database, utf8z inner) => action switch
    {
        ActionSelect or ActionRead or ActionRecursive => 0,
        ActionFunction => Fickle.Contains(second.utf8_to_string(), StringComparer.OrdinalIgnoreCase) ? Denied : 0,
        _ => Denied,
    };

    private void Execute(string sql, IReadOnlyList<object>? values = null)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < (values?.Count ?? 0); i++)
        {
            command.Parameters.AddWithValue($"$p{i}", values![i]);
        }

        command.ExecuteNonQuery();
    }
}
