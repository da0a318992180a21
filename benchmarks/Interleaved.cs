namespace SafeTuneBed.Benchmarks;

/// <summary>Measures several things by turns, so that what disturbs the machine disturbs all of them alike. One round warms up.</summary>
internal static class Interleaved
{
    /// <summary>The median of each measure over the rounds, the first one left out.</summary>
    public static double[] Medians(int repeats, params Func<double>[] measures)
    {
        List<double>[] seen = [.. measures.Select(_ => new List<double>())];
        for (int round = 0; round <= repeats; round++)
        {
            for (int i = 0; i < measures.Length; i++)
            {
                double value = measures[i]();
                if (round > 0)
                {
                    seen[i].Add(value);
                }
            }
        }

        return [.. seen.Select(Median)];
    }

    /// <summary>The seconds of each piece of work, as <see cref="Medians"/>.</summary>
    public static double[] Seconds(int repeats, params Action[] works) => Medians(repeats, [.. works.Select(w => (Func<double>)(() => WorkClock.Time(w)))]);

    /// <summary>The middle one; of an even number the upper.</summary>
    public static double Median(IReadOnlyList<double> values) => values.Order().ElementAt(values.Count / 2);
}
