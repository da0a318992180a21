using System.Globalization;

namespace SafeTuneBed.Sql;

/// <summary>Compares the results of two queries.</summary>
internal static class SqlRows
{
    private const double RelativeTolerance = 1e-6;

    /// <summary>Whether both have the same rows: column by column, numbers nearly equal, in order or as a multiset. Names of columns don't count.</summary>
    public static bool AreEqual(IReadOnlyList<object?[]> first, IReadOnlyList<object?[]> second, bool ordered)
    {
        if (first.Count != second.Count || (first.Count > 0 && first[0].Length != second[0].Length))
        {
            return false;
        }

        IEnumerable<object?[]> a = ordered ? first : first.Order(Comparer<object?[]>.Create(Compare)), b = ordered ? second : second.Order(Comparer<object?[]>.Create(Compare));
        return a.Zip(b).All(p => p.First.Zip(p.Second).All(v => IsNear(v.First, v.Second)));
    }

    /// <summary>Whether the order of rows is asked for: ORDER BY outside all brackets.</summary>
    public static bool AreOrdered(string sql)
    {
        List<SqlToken> tokens = SqlToken.Read(sql);
        int depth = 0;
        for (int i = 0; i + 1 < tokens.Count; i++)
        {
            depth += tokens[i].Is("(") ? 1 : tokens[i].Is(")") ? -1 : 0;
            if (depth == 0 && tokens[i].Is("ORDER") && tokens[i + 1].Is("BY"))
            {
                return true;
            }
        }

        return false;
    }

    private static int Compare(object?[]? a, object?[]? b) => a!.Zip(b!).Select(p => Compare(p.First, p.Second)).FirstOrDefault(c => c != 0);

    private static int Compare(object? a, object? b) => (a, b) switch
    {
        (null, null) => 0,
        (null, _) => -1,
        (_, null) => 1,
        _ when Number(a) is { } x && Number(b) is { } y => x.CompareTo(y),
        _ when Number(a) is not null => -1,
        _ when Number(b) is not null => 1,
        (byte[] x, byte[] y) => x.AsSpan().SequenceCompareTo(y),
        _ => string.CompareOrdinal(Text(a), Text(b)),
    };

    private static bool IsNear(object? a, object? b) => Number(a) is { } x && Number(b) is { } y
        ? x == y || Math.Abs(x - y) <= RelativeTolerance * Math.Max(Math.Abs(x), Math.Abs(y))
        : Compare(a, b) == 0;

    private static double? Number(object? value) => value switch
    {
        long n => n,
        double d => d,
        _ => null,
    };

    private static string Text(object value) => value is byte[] bytes ? Convert.ToHexString(bytes) : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
