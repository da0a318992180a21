namespace SafeTuneBed.Sql;

/// <summary>What running an answer beside the right query showed.</summary>
internal enum SqlVerdict
{
    /// <summary>The same rows on every database.</summary>
    Equal,

    /// <summary>Other rows on at least one.</summary>
    Different,

    /// <summary>The answer is no query, or names what is not there.</summary>
    Error,

    /// <summary>The answer costs too much to run.</summary>
    TooCostly,

    /// <summary>The right query itself can't be run on the record's tables: an error of the record.</summary>
    GoldFails,

    /// <summary>The right query gives no row on any database: agreement with it would say nothing.</summary>
    GoldEmpty,
}

/// <summary>
/// Whether a query gives what the right one gives, on databases filled by chance: the idea of test suites for SQL (Zhong, Yu and Klein, 2020). With 10 databases 96 of 100
/// single changes of a query are seen.
/// </summary>
internal static class SqlExecution
{
    /// <summary>Databases for each record.</summary>
    public const int Databases = 10;

    /// <summary>Compares an answer with the right query.</summary>
    /// <param name="id">The record; its databases depend on it.</param>
    /// <param name="context">CREATE TABLE statements.</param>
    /// <param name="gold">The right query.</param>
    /// <param name="answer">The query to judge.</param>
    /// <param name="databases">Databases to run both on.</param>
    public static SqlVerdict Judge(string id, string context, string gold, string answer, int databases = Databases)
    {
        SqlSchema schema = SqlSchema.Read(context);
        var filling = new SqlFilling(schema, gold);
        bool isOrdered = SqlRows.AreOrdered(gold), hasRows = false;
        SqlVerdict verdict = SqlVerdict.Equal;
        for (int i = 0; i < databases; i++)
        {
            SqlDatabase database;
            IReadOnlyList<object?[]> right;
            try
            {
                database = new SqlDatabase(filling.Make(id, i));
            }
            catch (Microsoft.Data.Sqlite.SqliteException)
            {
                return SqlVerdict.GoldFails;
            }

            using (database)
            {
                try
                {
                    right = database.Query(gold);
                }
                catch (SqlFailedException)
                {
                    return SqlVerdict.GoldFails;
                }

                hasRows |= right.Count > 0;
                verdict = verdict == SqlVerdict.Equal ? Compare(database, right, answer, isOrdered) : verdict;
            }
        }

        return hasRows ? verdict : SqlVerdict.GoldEmpty;
    }

    private static SqlVerdict Compare(SqlDatabase database, IReadOnlyList<object?[]> right, string answer, bool isOrdered)
    {
        try
        {
            return SqlRows.AreEqual(right, database.Query(answer), isOrdered) ? SqlVerdict.Equal : SqlVerdict.Different;
        }
        catch (SqlFailedException e)
        {
            return e.RanTooLong ? SqlVerdict.TooCostly : SqlVerdict.Error;
        }
    }
}
