namespace SafeTuneBed.Data;

/// <summary>Chooses rows so that each kind keeps its share.</summary>
internal static class Strata
{
    /// <summary>
    /// Positions of the chosen rows: each kind gets its share of <paramref name="count"/> by largest remainders (ties to the kind that comes first by name), filled in
    /// the given order.
    /// </summary>
    /// <param name="rows">All rows.</param>
    /// <param name="order">Positions in the order of choice.</param>
    /// <param name="count">Rows to choose, at most all.</param>
    /// <param name="by">What makes a kind.</param>
    public static int[] Choose(IReadOnlyList<FinetuneExample> rows, int[] order, int count, StratifyBy by)
    {
        string KindOf(int position) => (by == StratifyBy.Label ? rows[position].Label : rows[position].Category) ?? "";
        var sizes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (int position in order)
        {
            sizes[KindOf(position)] = sizes.GetValueOrDefault(KindOf(position)) + 1;
        }

        var quotas = sizes.ToDictionary(s => s.Key, s => (int)((long)count * s.Value / rows.Count), StringComparer.Ordinal);
        int left = count - quotas.Values.Sum();
        foreach (string kind in sizes.OrderByDescending(s => (long)count * s.Value % rows.Count).ThenBy(s => s.Key, StringComparer.Ordinal).Take(left).Select(s => s.Key).ToList())
        {
            quotas[kind]++;
        }

        var chosen = new List<int>(count);
        foreach (int position in order)
        {
            string kind = KindOf(position);
            if (quotas[kind] > 0)
            {
                quotas[kind]--;
                chosen.Add(position);
            }
        }

        return [.. chosen];
    }
}
