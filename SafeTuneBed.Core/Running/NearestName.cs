namespace SafeTuneBed.Running;

/// <summary>Finds the name that was probably meant.</summary>
internal static class NearestName
{
    /// <summary>" Did you mean 'x'?" or "", then the known names.</summary>
    public static string Hint(string name, IEnumerable<string> known)
    {
        string[] names = [.. known];
        string meant = Find(name, names) is { } nearest ? $" Did you mean '{nearest}'?" : "";
        return names.Length == 0 ? " None is registered." : $"{meant} Known: {string.Join(", ", names)}.";
    }

    /// <summary>The nearest name by edit distance, when it is near enough to be a slip; ties go to the earlier name.</summary>
    public static string? Find(string name, IEnumerable<string> known)
    {
        string? best = null;
        int distance = Math.Max(2, name.Length / 2) + 1;
        foreach (string candidate in known)
        {
            int d = Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (d < distance)
            {
                (best, distance) = (candidate, d);
            }
        }

        return best;
    }

    /// <summary>Levenshtein distance.</summary>
    public static int Distance(string a, string b)
    {
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        int[] current = new int[b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(replaced, Math.Min(previous[j], current[j - 1]) + 1);
            }

            (previous, current) = (current, previous);
        }

        return previous[b.Length];
    }
}
