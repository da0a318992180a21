using MathNet.Numerics.Distributions;
using SafeTuneBed.Statistics;

namespace SafeTuneBed;

/// <summary>
/// Two-sided confidence intervals of shares, means and differences. Everything random is seeded and repeats on any machine.
/// Shares are fractions. The confidence is 0.95 unless said otherwise.
/// </summary>
public static class Intervals
{
    private const double DefaultConfidence = 0.95;

    /// <summary>
    /// Wilson's score interval of a share (Wilson, 1927). Unlike the textbook's p +- z se it has a width even at 0 of n.
    /// </summary>
    /// <param name="successes">Items that count, 0 to <paramref name="trials"/>; a mean share of several runs may make it fractional.</param>
    /// <param name="trials">Items in all, at least 1.</param>
    /// <param name="confidence">Confidence, between 0 and 1.</param>
    public static Interval Wilson(double successes, int trials, double confidence = DefaultConfidence)
    {
        Check(successes, trials);
        double z = Quantile(confidence), n = trials, p = successes / n, z2 = z * z;
        double scale = 1 + (z2 / n), center = (p + (z2 / (2 * n))) / scale;
        double half = z / scale * Math.Sqrt((p * (1 - p) / n) + (z2 / (4 * n * n)));

        // The formula gives 0 and 1 at the ends; only rounding stands between.
        return new Interval(successes == 0 ? 0 : center - half, successes == n ? 1 : center + half);
    }

    /// <summary>The exact interval of a share (Clopper and Pearson, 1934): never too narrow, usually too wide.</summary>
    public static Interval ClopperPearson(int successes, int trials, double confidence = DefaultConfidence)
    {
        Check(successes, trials);
        double tail = (1 - CheckConfidence(confidence)) / 2;
        return new Interval(
            successes == 0 ? 0 : Beta.InvCDF(successes, trials - successes + 1, tail),
            successes == trials ? 1 : Beta.InvCDF(successes + 1, trials - successes, 1 - tail));
    }

    /// <summary>Student's interval of a mean; at least 2 values.</summary>
    public static Interval StudentT(IReadOnlyList<double> values, double confidence = DefaultConfidence)
    {
        double mean = Mean(values), half = StandardError(values);
        half *= StudentTQuantile(confidence, values.Count - 1);
        return new Interval(mean - half, mean + half);
    }

    /// <summary>The standard error of a mean: the sample's deviation (n - 1) over the root of n; at least 2 values.</summary>
    public static double StandardError(IReadOnlyList<double> values)
    {
        double mean = Mean(values);
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Count, 2, nameof(values));
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1) / values.Count);
    }

    /// <summary>
    /// The standard error of the difference of two shares of the same items, (firstOnly - secondOnly) / pairs:
    /// sqrt(b + c - (b - c)^2 / n) / n.
    /// </summary>
    /// <param name="firstOnly">Pairs in which only the first counts (b).</param>
    /// <param name="secondOnly">Pairs in which only the second counts (c).</param>
    /// <param name="pairs">All pairs (n).</param>
    public static double PairedStandardError(int firstOnly, int secondOnly, int pairs)
    {
        _ = CheckCounts(firstOnly, secondOnly, pairs - firstOnly - secondOnly);
        double excess = (double)firstOnly - secondOnly;
        return Math.Sqrt(firstOnly + (double)secondOnly - (excess * excess / pairs)) / pairs;
    }

    /// <summary>
    /// The standard error of a mean whose values come in groups that belong together, such as the turns of one question: the root of the sum of squared
    /// group totals of the residuals, over n.
    /// </summary>
    /// <param name="values">Values, at least 2.</param>
    /// <param name="clusters">The group of each value; at least 2 groups.</param>
    /// <param name="correctForFewClusters">Whether to multiply by sqrt(G / (G - 1)) for G groups.</param>
    public static double ClusterStandardError(IReadOnlyList<double> values, IReadOnlyList<string> clusters, bool correctForFewClusters = true)
    {
        ArgumentNullException.ThrowIfNull(clusters);
        double mean = Mean(values);
        if (clusters.Count != values.Count)
        {
            throw new ArgumentException($"There are {values.Count} values but {clusters.Count} groups: each value needs its group.", nameof(clusters));
        }

        double[] totals = [.. values.Zip(clusters).GroupBy(pair => pair.Second, pair => pair.First - mean).Select(g => g.Sum())];
        ArgumentOutOfRangeException.ThrowIfLessThan(totals.Length, 2, nameof(clusters));
        double error = Math.Sqrt(totals.Sum(t => t * t)) / values.Count;
        return correctForFewClusters ? error * Math.Sqrt(totals.Length / (totals.Length - 1.0)) : error;
    }

    /// <summary>
    /// The standard error of a mean over all items of several groups, as lm-evaluation-harness gives it: the groups' sample variances pooled, over the number of items.
    /// </summary>
    /// <param name="standardErrors">The standard error of each group's own mean.</param>
    /// <param name="sizes">Items of each group, at least 2 in all beyond the number of groups.</param>
    public static double PooledStandardError(IReadOnlyList<double> standardErrors, IReadOnlyList<int> sizes)
    {
        ArgumentNullException.ThrowIfNull(standardErrors);
        ArgumentNullException.ThrowIfNull(sizes);
        if (standardErrors.Count == 0 || standardErrors.Count != sizes.Count || sizes.Sum() <= sizes.Count)
        {
            throw new ArgumentException($"There are {standardErrors.Count} errors and {sizes.Count} sizes: each group needs both, and the items must outnumber the groups.", nameof(sizes));
        }

        double squares = standardErrors.Zip(sizes).Sum(g => (g.Second - 1) * g.First * g.First * g.Second);
        return Math.Sqrt(squares / (sizes.Sum() - sizes.Count) / sizes.Sum());
    }

    /// <summary>
    /// The difference of two shares of the same items (Newcombe, 1998, method 10, with the continuity term in phi). The four counts are those of the
    /// pairs; the difference is the first share minus the second.
    /// </summary>
    /// <param name="both">Pairs in which both count.</param>
    /// <param name="firstOnly">Pairs in which only the first counts.</param>
    /// <param name="secondOnly">Pairs in which only the second counts.</param>
    /// <param name="neither">Pairs in which neither counts.</param>
    public static Interval NewcombePaired(int both, int firstOnly, int secondOnly, int neither)
    {
        int n = CheckCounts(both, firstOnly, secondOnly, neither);
        double a = both, b = firstOnly, c = secondOnly, d = neither;
        double first = (a + b) / n, second = (a + c) / n, difference = (b - c) / n;
        Interval i = Wilson(a + b, n), j = Wilson(a + c, n);
        double margins = (a + b) * (c + d) * (a + c) * (b + d), product = (a * d) - (b * c);
        double phi = margins == 0 ? 0 : (product > 0 ? Math.Max(product - (n / 2.0), 0) : product) / Math.Sqrt(margins);
        return new Interval(
            difference - Distance(first - i.Lower, j.Upper - second, phi),
            difference + Distance(i.Upper - first, second - j.Lower, phi));
    }

    /// <summary>The difference of two shares of different items (Newcombe, 1998, method 10 of the unpaired paper): first minus second.</summary>
    public static Interval NewcombeUnpaired(int firstSuccesses, int firstTrials, int secondSuccesses, int secondTrials)
    {
        Interval i = Wilson(firstSuccesses, firstTrials), j = Wilson(secondSuccesses, secondTrials);
        double first = (double)firstSuccesses / firstTrials, second = (double)secondSuccesses / secondTrials;
        return new Interval(
            first - second - Distance(first - i.Lower, j.Upper - second, 0),
            first - second + Distance(i.Upper - first, second - j.Lower, 0));
    }

    /// <summary>
    /// The mean's bias-corrected and accelerated bootstrap interval (Efron, 1987); at least 2 values that differ.
    /// </summary>
    /// <param name="values">Values, one per independent unit.</param>
    /// <param name="seed">Seed of the resampling.</param>
    /// <param name="resamples">Resamples; 10,000 keep the ends steady to about a hundredth of the width.</param>
    /// <param name="confidence">Confidence, between 0 and 1.</param>
    public static Interval Bootstrap(IReadOnlyList<double> values, ulong seed, int resamples = 10_000, double confidence = DefaultConfidence)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Count, 2, nameof(values));
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 100);
        return Resampling.BiasCorrected([.. values], new SeededRandom(seed), resamples, CheckConfidence(confidence));
    }

    /// <summary>
    /// The mean's bias-corrected and accelerated bootstrap interval where values come in groups that belong together, such as the turns of one question or
    /// several samples of one prompt: groups are drawn, not values. With groups of one it is <see cref="Bootstrap"/>.
    /// </summary>
    /// <param name="values">Values, all of them weighing alike.</param>
    /// <param name="clusters">The group of each value; at least 2 groups, for a useful interval some 20.</param>
    /// <param name="seed">Seed of the resampling.</param>
    /// <param name="resamples">Resamples.</param>
    /// <param name="confidence">Confidence, between 0 and 1.</param>
    public static Interval ClusteredBootstrap(IReadOnlyList<double> values, IReadOnlyList<string> clusters, ulong seed, int resamples = 10_000, double confidence = DefaultConfidence)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(clusters);
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 100);
        if (clusters.Count != values.Count)
        {
            throw new ArgumentException($"There are {values.Count} values but {clusters.Count} groups: each value needs its group.", nameof(clusters));
        }

        (double Sum, double Count)[] groups = [.. values.Zip(clusters).GroupBy(p => p.Second, p => p.First, StringComparer.Ordinal).Select(g => (g.Sum(), (double)g.Count()))];
        ArgumentOutOfRangeException.ThrowIfLessThan(groups.Length, 2, nameof(clusters));
        return Resampling.BiasCorrected(groups, new SeededRandom(seed), resamples, CheckConfidence(confidence));
    }

    /// <summary>
    /// The percentile interval of a mean over seeds whose runs answered the same items: each resample draws seeds, then items, with replacement, and takes
    /// the mean of the drawn seeds' means over the drawn items. The items of one resample are the same for all its seeds, because a hard item is hard in
    /// every run: drawing them apart for each seed would call the interval narrower than it is.
    /// </summary>
    /// <param name="valuesBySeed">One list per seed, all of one length, item by item in the same order; null where an item has no score.</param>
    /// <param name="seed">Seed of the resampling.</param>
    /// <param name="resamples">Resamples.</param>
    /// <param name="confidence">Confidence, between 0 and 1.</param>
    /// <exception cref="ArgumentException">No seed has a score, or the lists differ in length.</exception>
    public static Interval HierarchicalBootstrap(IReadOnlyList<IReadOnlyList<double?>> valuesBySeed, ulong seed, int resamples = 2_000, double confidence = DefaultConfidence)
    {
        ArgumentNullException.ThrowIfNull(valuesBySeed);
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 100);
        if (valuesBySeed.Count == 0 || valuesBySeed.Any(v => v.Count != valuesBySeed[0].Count) || valuesBySeed.All(v => v.All(x => x is null)))
        {
            throw new ArgumentException("Give each seed the same items, and at least one score.", nameof(valuesBySeed));
        }

        return Resampling.Hierarchical(valuesBySeed, new SeededRandom(seed), resamples, CheckConfidence(confidence));
    }

    /// <summary>The point of the standard normal distribution that leaves (1 - confidence) / 2 above it: 1.96 for 0.95.</summary>
    internal static double Quantile(double confidence) => Normal.InvCDF(0, 1, (1 + CheckConfidence(confidence)) / 2);

    private static double StudentTQuantile(double confidence, int degrees) => MathNet.Numerics.Distributions.StudentT.InvCDF(0, 1, degrees, (1 + CheckConfidence(confidence)) / 2);

    private static double Mean(IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfZero(values.Count, nameof(values));
        return values.Average();
    }

    // Never negative but for rounding: phi lies between -1 and 1.
    private static double Distance(double x, double y, double phi) => Math.Sqrt(Math.Max(0, (x * x) - (2 * phi * x * y) + (y * y)));

    private static void Check(double successes, int trials)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(trials, 1);
        if (!(successes >= 0 && successes <= trials))
        {
            throw new ArgumentOutOfRangeException(nameof(successes), successes, $"Successes lie between 0 and the {trials} trials.");
        }
    }

    private static int CheckCounts(params ReadOnlySpan<int> counts)
    {
        int sum = 0;
        foreach (int count in counts)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(count, nameof(counts));
            sum = checked(sum + count);
        }

        ArgumentOutOfRangeException.ThrowIfZero(sum, nameof(counts));
        return sum;
    }

    private static double CheckConfidence(double confidence) => confidence is > 0 and < 1
        ? confidence
        : throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "A confidence lies between 0 and 1, such as 0.95.");
}
