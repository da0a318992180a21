using MathNet.Numerics.Distributions;
using SafeTuneBed.Statistics;

namespace SafeTuneBed;

/// <summary>Two-sided tests of a difference between two conditions that were measured on the same items, and corrections for many such tests.</summary>
public static class PairedTests
{
    private const int LargestExact = 20;

    /// <summary>
    /// McNemar's exact test: the chance that <paramref name="firstOnly"/> + <paramref name="secondOnly"/> fair coins fall at least this unevenly. 1 when
    /// no pair disagrees.
    /// </summary>
    /// <param name="firstOnly">Pairs in which only the first condition counts.</param>
    /// <param name="secondOnly">Pairs in which only the second condition counts.</param>
    public static double McNemarExact(int firstOnly, int secondOnly)
    {
        var (smaller, n) = Discordant(firstOnly, secondOnly);
        return firstOnly == secondOnly ? 1 : Math.Min(1, 2 * Binomial.CDF(0.5, n, smaller));
    }

    /// <summary>
    /// McNemar's test with the mid-p value, which counts half of the observed outcome's probability: about as cautious as it claims to be, where the
    /// exact test is more so (Fagerland, Lydersen and Laake, 2013).
    /// </summary>
    public static double McNemarMidP(int firstOnly, int secondOnly)
    {
        var (smaller, n) = Discordant(firstOnly, secondOnly);
        return firstOnly == secondOnly ? 1 : Math.Min(1, (2 * Binomial.CDF(0.5, n, smaller)) - Binomial.PMF(0.5, n, smaller));
    }

    /// <summary>McNemar's approximate test with the continuity correction (Edwards, 1948): a check on the other two, not for few pairs.</summary>
    public static (double Statistic, double PValue) McNemarChiSquared(int firstOnly, int secondOnly)
    {
        var (_, n) = Discordant(firstOnly, secondOnly);
        double excess = Math.Max(0, Math.Abs((double)firstOnly - secondOnly) - 1), statistic = n == 0 ? 0 : excess * excess / n;
        return (statistic, 1 - ChiSquared.CDF(1, statistic));
    }

    /// <summary>
    /// The sign-flip test of a mean difference: the share of ways to give the differences signs whose sum is at least as far from 0. Exact up to 20
    /// differences other than 0, by seeded draws beyond, where the observed signs count as one draw so that p is never 0.
    /// </summary>
    /// <param name="differences">One difference per item; zeros decide nothing.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="draws">Draws beyond 20 differences.</param>
    public static double SignFlip(IReadOnlyList<double> differences, ulong seed, int draws = 100_000)
    {
        ArgumentNullException.ThrowIfNull(differences);
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 1);
        double[] sizes = [.. differences.Where(d => d != 0).Select(Math.Abs)];
        double sum = Math.Abs(differences.Sum()), total = sizes.Sum();

        // Sums that are equal on paper must count as equal whatever the order of adding.
        double threshold = sum - (1e-9 * total);
        if (sizes.Length <= LargestExact)
        {
            int outcomes = 1 << sizes.Length, extreme = 0;
            for (int signs = 0; signs < outcomes; signs++)
            {
                double positive = 0;
                for (int i = 0; i < sizes.Length; i++)
                {
                    positive += (signs >> i & 1) == 1 ? sizes[i] : 0;
                }

                extreme += Math.Abs((2 * positive) - total) >= threshold ? 1 : 0;
            }

            return (double)extreme / outcomes;
        }

        return Draw(sizes, total, threshold, new SeededRandom(seed), draws);
    }

    /// <summary>Holm's correction (1979): the chance of any false finding in the family stays below the level. In the order given.</summary>
    public static IReadOnlyList<double> Holm(IReadOnlyList<double> pValues)
    {
        int[] order = Order(pValues);
        var adjusted = new double[order.Length];
        double worst = 0;
        for (int rank = 0; rank < order.Length; rank++)
        {
            worst = Math.Max(worst, Math.Min(1, (order.Length - rank) * pValues[order[rank]]));
            adjusted[order[rank]] = worst;
        }

        return adjusted;
    }

    /// <summary>Benjamini and Hochberg's correction (1995): the expected share of false findings among the findings stays below the level. In the order given.</summary>
    public static IReadOnlyList<double> BenjaminiHochberg(IReadOnlyList<double> pValues)
    {
        int[] order = Order(pValues);
        var adjusted = new double[order.Length];
        double best = 1;
        for (int rank = order.Length - 1; rank >= 0; rank--)
        {
            best = Math.Min(best, pValues[order[rank]] * order.Length / (rank + 1));
            adjusted[order[rank]] = best;
        }

        return adjusted;
    }

    private static double Draw(double[] sizes, double total, double threshold, SeededRandom random, int draws)
    {
        int extreme = 0;
        for (int draw = 0; draw < draws; draw++)
        {
            double positive = 0;
            ulong bits = 0;
            for (int i = 0; i < sizes.Length; i++)
            {
                bits = (i & 63) == 0 ? random.NextBits() : bits >> 1;
                positive += sizes[i] * (bits & 1);
            }

            extreme += Math.Abs((2 * positive) - total) >= threshold ? 1 : 0;
        }

        return (extreme + 1.0) / (draws + 1.0);
    }

    private static (int Smaller, int Sum) Discordant(int firstOnly, int secondOnly)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstOnly);
        ArgumentOutOfRangeException.ThrowIfNegative(secondOnly);
        return (Math.Min(firstOnly, secondOnly), checked(firstOnly + secondOnly));
    }

    private static int[] Order(IReadOnlyList<double> pValues)
    {
        ArgumentNullException.ThrowIfNull(pValues);
        foreach (double p in pValues)
        {
            if (!(p >= 0 && p <= 1))
            {
                throw new ArgumentOutOfRangeException(nameof(pValues), p, "A p value lies between 0 and 1.");
            }
        }

        return [.. Enumerable.Range(0, pValues.Count).OrderBy(i => pValues[i])];
    }
}
