using MathNet.Numerics.Distributions;

namespace SafeTuneBed.Statistics;

/// <summary>The two bootstraps behind <see cref="Intervals"/>.</summary>
internal static class Resampling
{
    /// <summary>Efron's BCa interval of the mean.</summary>
    public static Interval BiasCorrected(double[] values, SeededRandom random, int resamples, double confidence) =>
        BiasCorrected([.. values.Select(v => (v, 1.0))], random, resamples, confidence);

    /// <summary>Efron's BCa interval of the mean over all values, whole groups being drawn: a ratio of sums of values and of what they count.</summary>
    public static Interval BiasCorrected((double Sum, double Count)[] groups, SeededRandom random, int resamples, double confidence)
    {
        int n = groups.Length;
        double all = groups.Sum(g => g.Sum), mean = all / groups.Sum(g => g.Count);
        var means = new double[resamples];
        double below = 0;
        for (int b = 0; b < resamples; b++)
        {
            double total = 0;
            double count = 0;
            for (int i = 0; i < n; i++)
            {
                var (sum, size) = groups[random.NextIndex(n)];
                total += sum;
                count += size;
            }

            means[b] = total / count;
            below += means[b] < mean ? 1 : means[b] == mean ? 0.5 : 0;
        }

        Array.Sort(means);

        // The influence of a group on the mean is its residual; for groups of one that is what the jackknife gives.
        double[] residuals = [.. groups.Select(g => g.Sum - (g.Count * mean))];
        double second = residuals.Sum(r => r * r), third = residuals.Sum(r => r * r * r);
        if (second == 0)
        {
            return new Interval(mean, mean);
        }

        // Half a resample from either end keeps the normal quantile finite.
        double bias = Normal.InvCDF(0, 1, Math.Clamp(below / resamples, 0.5 / resamples, 1 - (0.5 / resamples)));
        double acceleration = third / (6 * Math.Pow(second, 1.5));
        double z = Intervals.Quantile(confidence);

        double Level(double quantile)
        {
            double shifted = bias + quantile, denominator = 1 - (acceleration * shifted);
            return denominator <= 0 ? (shifted > 0 ? 1 : 0) : Normal.CDF(0, 1, bias + (shifted / denominator));
        }

        return new Interval(Percentile(means, Level(-z)), Percentile(means, Level(z)));
    }

    /// <summary>Seeds and items drawn with replacement; the items of one resample are shared by its seeds.</summary>
    public static Interval Hierarchical(IReadOnlyList<IReadOnlyList<double?>> valuesBySeed, SeededRandom random, int resamples, double confidence)
    {
        int seeds = valuesBySeed.Count, items = valuesBySeed[0].Count;
        var value = new double[seeds][];
        var present = new bool[seeds][];
        for (int s = 0; s < seeds; s++)
        {
            value[s] = [.. valuesBySeed[s].Select(v => v ?? 0)];
            present[s] = [.. valuesBySeed[s].Select(v => v is not null)];
        }

        var means = new List<double>(resamples);
        var draws = new int[items];
        var timesDrawn = new int[seeds];
        while (means.Count < resamples)
        {
            Array.Clear(timesDrawn);
            Array.Clear(draws);
            for (int s = 0; s < seeds; s++)
            {
                timesDrawn[random.NextIndex(seeds)]++;
            }

            for (int i = 0; i < items; i++)
            {
                draws[random.NextIndex(items)]++;
            }

            double total = 0;
            int counted = 0;
            for (int s = 0; s < seeds; s++)
            {
                if (timesDrawn[s] > 0 && Mean(value[s], present[s], draws) is { } mean)
                {
                    total += timesDrawn[s] * mean;
                    counted += timesDrawn[s];
                }
            }

            // A resample without a single score says nothing: it is drawn again.
            if (counted > 0)
            {
                means.Add(total / counted);
            }
        }

        double[] sorted = [.. means.Order()];
        return new Interval(Percentile(sorted, (1 - confidence) / 2), Percentile(sorted, (1 + confidence) / 2));
    }

    private static double? Mean(double[] value, bool[] present, int[] draws)
    {
        double total = 0;
        long count = 0;
        for (int i = 0; i < value.Length; i++)
        {
            if (present[i])
            {
                total += draws[i] * value[i];
                count += draws[i];
            }
        }

        return count == 0 ? null : total / count;
    }

    /// <summary>
    /// The percentile interval of any number that items have together: each resample draws units (items, or groups of them) with replacement and, where there are
    /// several seeds, seeds; the units of one resample are shared by its seeds. A resample without a value is drawn again.
    /// </summary>
    /// <param name="statistics">For each seed the number as a function of how often each item was drawn.</param>
    /// <param name="units">The items of each unit.</param>
    /// <param name="items">Items in all.</param>
    /// <param name="random">The draws.</param>
    /// <param name="resamples">Resamples.</param>
    /// <param name="confidence">Confidence.</param>
    public static Interval? Percentiles(IReadOnlyList<Func<int[], double?>> statistics, IReadOnlyList<int[]> units, int items, SeededRandom random, int resamples, double confidence)
    {
        var values = new List<double>(resamples);
        int[] times = new int[items], timesSeed = new int[statistics.Count];
        for (int attempt = 0; values.Count < resamples && attempt < 2 * resamples; attempt++)
        {
            Array.Clear(times);
            Array.Clear(timesSeed);
            for (int s = 0; s < statistics.Count; s++)
            {
                timesSeed[statistics.Count == 1 ? 0 : random.NextIndex(statistics.Count)]++;
            }

            for (int u = 0; u < units.Count; u++)
            {
                foreach (int item in units[random.NextIndex(units.Count)])
                {
                    times[item]++;
                }
            }

            double[] drawn = [.. Enumerable.Range(0, statistics.Count).Where(s => timesSeed[s] > 0)
                .SelectMany(s => statistics[s](times) is { } value ? Enumerable.Repeat(value, timesSeed[s]) : [])];
            if (drawn.Length > 0)
            {
                values.Add(drawn.Average());
            }
        }

        return values.Count == 0 ? null : Quantiles(values, confidence);
    }

    /// <summary>The middle of resampled values, at least one.</summary>
    public static Interval Quantiles(IReadOnlyList<double> values, double confidence)
    {
        double[] sorted = [.. values.Order()];
        return new Interval(Percentile(sorted, (1 - confidence) / 2), Percentile(sorted, (1 + confidence) / 2));
    }

    /// <summary>Linear interpolation between the two nearest order statistics.</summary>
    private static double Percentile(double[] sorted, double level)
    {
        double position = level * (sorted.Length - 1);
        int low = (int)Math.Floor(position);
        return low >= sorted.Length - 1 ? sorted[^1] : sorted[low] + ((position - low) * (sorted[low + 1] - sorted[low]));
    }
}
