namespace SafeTuneBed.Statistics;

/// <summary>The scores of one metric, item by item: one list per seed, all in the order of the item ids.</summary>
internal sealed class ItemScores
{
    private ItemScores(IReadOnlyList<string> items, IReadOnlyList<IReadOnlyList<SampleScore>> scores)
    {
        (Items, Scores) = (items, scores);
        BySeed = [.. scores.Select(seed => (IReadOnlyList<double?>)[.. seed.Select(s => s.Value)])];
    }

    /// <summary>Item ids.</summary>
    public IReadOnlyList<string> Items { get; }

    /// <summary>The scores themselves. A seed without any result is an empty list.</summary>
    public IReadOnlyList<IReadOnlyList<SampleScore>> Scores { get; }

    /// <summary>Values, null where unscored. A seed without any result is an empty list.</summary>
    public IReadOnlyList<IReadOnlyList<double?>> BySeed { get; }

    /// <summary>Lines up the seeds of one condition.</summary>
    /// <exception cref="SafeTuneBedException">The seeds were asked different items.</exception>
    public static ItemScores Align(MetricDefinition definition, IReadOnlyList<IReadOnlyList<SampleScore>> bySeed)
    {
        List<string> items = [.. (bySeed.FirstOrDefault(s => s.Count > 0) ?? []).Select(s => s.ItemId).Order(StringComparer.Ordinal)];
        return new ItemScores(items, [.. bySeed.Select(scores => scores.Count == 0 ? [] : InOrder(definition, scores, items))]);
    }

    /// <summary>The scores of one seed in the order of <paramref name="items"/>.</summary>
    /// <exception cref="SafeTuneBedException">The seed was asked other items.</exception>
    public static IReadOnlyList<SampleScore> InOrder(MetricDefinition definition, IReadOnlyList<SampleScore> scores, IReadOnlyList<string> items)
    {
        var byItem = new Dictionary<string, SampleScore>(StringComparer.Ordinal);
        foreach (SampleScore score in scores)
        {
            if (score.Metric != definition.Name)
            {
                throw new ArgumentException($"A score of '{score.Metric}' is among those of '{definition.Name}'.", nameof(scores));
            }

            if (!byItem.TryAdd(score.ItemId, score))
            {
                throw new SafeTuneBedException($"The item '{score.ItemId}' is scored twice by '{definition.Name}'. Ids must be unique within a set.");
            }
        }

        string? missing = items.FirstOrDefault(item => !byItem.ContainsKey(item));
        if (missing is not null || byItem.Count != items.Count)
        {
            string odd = missing ?? byItem.Keys.First(id => !items.Contains(id, StringComparer.Ordinal));
            throw new SafeTuneBedException(
                $"The item lists of '{definition.Name}' differ ({items.Count} and {byItem.Count} items; '{odd}' is in one of them only), so the numbers can't be compared. Evaluate both on the same items.");
        }

        return [.. items.Select(item => byItem[item])];
    }
}
