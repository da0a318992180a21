namespace SafeTuneBed.Data;

/// <summary>Names that were probably meant.</summary>
internal static class NameHint
{
    private const int Shown = 3;

    /// <summary>"Did you mean ...?" with the nearest names, then where the list of all names is.</summary>
    public static string For(string name, IReadOnlyList<string> known)
    {
        if (known.Count == 0)
        {
            return "None is registered.";
        }

        string[] nearest = [.. known.OrderBy(k => Distance(name.ToLowerInvariant(), k)).ThenBy(k => k, StringComparer.Ordinal).Take(Shown)];
        return $"Nearest: {string.Join(", ", nearest)}.";
    }

    /// <summary>Edits (insert, delete, replace) between two names.</summary>
    private static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 0; i < from.Length; i++)
        {
            int diagonal = row[0]++;
            for (int j = 0; j < to.Length; j++)
            {
                int replaced = diagonal + (from[i] == to[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(replaced, Math.Min(row[j], diagonal) + 1);
            }
        }

        return row[^1];
    }
}
