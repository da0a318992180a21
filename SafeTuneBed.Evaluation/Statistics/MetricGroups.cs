namespace SafeTuneBed.Statistics;

/// <summary>A number for each of the groups that its scores name.</summary>
internal static class MetricGroups
{
    /// <summary>By kind, then by name; the mean over seeds. What decides a class is no group.</summary>
    public static IReadOnlyList<GroupValue> Of(MetricDefinition definition, ItemScores scores)
    {
        if (definition.Kind == MetricKind.MacroF1)
        {
            return [];
        }

        var groups = from place in Enumerable.Range(0, scores.Items.Count)
                     from entry in scores.Scores.FirstOrDefault(s => s.Count > 0)?[place].Groups ?? new Dictionary<string, string>()
                     group place by (entry.Key, entry.Value) into found
                     orderby found.Key.Key, found.Key.Value
                     select found;
        return [.. groups.OrderBy(g => g.Key.Key, StringComparer.Ordinal).ThenBy(g => g.Key.Value, StringComparer.Ordinal).Select(g => Of(definition, scores, g.Key.Key, g.Key.Value, [.. g]))];
    }

    private static GroupValue Of(MetricDefinition definition, ItemScores scores, string kind, string name, int[] places)
    {
        SampleScore[][] bySeed = [.. scores.Scores.Where(s => s.Count > 0).Select(s => places.Select(p => s[p]).ToArray())];
        double? value = bySeed.Select(s => SetStatistic.Of(definition.Kind, s)).Average();
        int items = places.Length, scored = bySeed.Sum(s => s.Count(x => x.Value is not null));
        bool isShare = definition.Kind == MetricKind.Proportion && bySeed.All(s => s.All(x => x.Weight is null));
        int n = Enumerable.Range(0, items).Count(i => bySeed.Any(s => s[i].Value is not null));
        Interval? interval = isShare && value is { } v ? Intervals.Wilson(Math.Clamp(v * n, 0, n), n) : null;
        return new GroupValue(kind, name, value, bySeed.Length * items, scored) { Lower = interval?.Lower, Upper = interval?.Upper };
    }
}
