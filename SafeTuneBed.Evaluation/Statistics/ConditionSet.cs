namespace SafeTuneBed.Statistics;

/// <summary>Several conditions under one metric, asked the same items: their values on any resample of items and seeds, the higher the worse.</summary>
internal sealed class ConditionSet
{
    private readonly Func<int[], double?>[][] statistics;
    private readonly bool lowerIsBetter;

    /// <param name="definition">The metric.</param>
    /// <param name="conditions">For each condition the scores of each seed; a single seed stands beside several.</param>
    /// <param name="lowerIsBetter">Which way is better.</param>
    public ConditionSet(MetricDefinition definition, IReadOnlyList<IReadOnlyList<IReadOnlyList<SampleScore>>> conditions, bool lowerIsBetter)
    {
        this.lowerIsBetter = lowerIsBetter;
        Seeds = conditions.Max(c => c.Count);
        string[] items = [.. conditions[0][0].Select(s => s.ItemId).Order(StringComparer.Ordinal)];
        Items = items.Length;
        statistics = [.. conditions.Select(c => Enumerable.Range(0, Seeds).Select(s => SetStatistic.Prepare(definition.Kind, ItemScores.InOrder(definition, c[Math.Min(s, c.Count - 1)], items))).ToArray())];
        int[] once = [.. Enumerable.Repeat(1, Items)];
        Observed = [.. statistics.Select(c => c.Select(s => Worse(s(once))).ToArray())];
    }

    /// <summary>Items of each condition.</summary>
    public int Items { get; }

    /// <summary>Seeds of the condition that has most.</summary>
    public int Seeds { get; }

    /// <summary>For each condition the value of each seed on all items.</summary>
    public double[][] Observed { get; }

    /// <summary>Items and seeds with replacement.</summary>
    public (int[] Times, int[] Seeds) Draw(SeededRandom random)
    {
        int[] times = new int[Items], drawn = new int[Seeds];
        for (int i = 0; i < Items; i++)
        {
            times[random.NextIndex(Items)]++;
        }

        for (int s = 0; s < Seeds; s++)
        {
            drawn[s] = Seeds == 1 ? 0 : random.NextIndex(Seeds);
        }

        return (times, drawn);
    }

    /// <summary>The value of each condition on a resample.</summary>
    public double[] Badness((int[] Times, int[] Seeds) draw) =>
        [.. statistics.Select(c => draw.Seeds.Distinct().Sum(s => draw.Seeds.Count(d => d == s) * Worse(c[s](draw.Times))) / Seeds)];

    // A resample without any score is worse than every other.
    private double Worse(double? value) => value is not { } v ? double.MaxValue / 1e6 : lowerIsBetter ? v : -v;
}
