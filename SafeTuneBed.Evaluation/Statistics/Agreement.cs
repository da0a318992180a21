namespace SafeTuneBed.Statistics;

/// <summary>How far apart two different answers are, for <see cref="Agreement"/>.</summary>
internal enum AgreementScale
{
    /// <summary>Classes: any difference counts alike.</summary>
    Nominal,

    /// <summary>Ordered grades, weighted by how many judgments lie between (Krippendorff's alpha only).</summary>
    Ordinal,

    /// <summary>Numbers: distances count.</summary>
    Linear,

    /// <summary>Numbers: squared distances count.</summary>
    Quadratic,
}

/// <summary>
/// How well two judges of the same items agree beyond chance, and how alike two rankings are. Null where the measure is undefined, as when both judges
/// always say the same one thing: full agreement then proves nothing.
/// </summary>
internal static class Agreement
{
    /// <summary>Cohen's kappa (1960), or its weighted form (1968); 1 is full agreement, 0 that of chance.</summary>
    public static double? Kappa(IReadOnlyList<double> first, IReadOnlyList<double> second, AgreementScale scale = AgreementScale.Nominal)
    {
        Check(first, second);
        if (scale == AgreementScale.Ordinal)
        {
            throw new ArgumentException("Kappa has nominal, linear and quadratic weights.", nameof(scale));
        }

        double observed = first.Zip(second).Average(p => Distance(p.First, p.Second, scale));
        double expected = first.CountBy(v => v).Sum(a => second.CountBy(v => v).Sum(b => (double)a.Value * b.Value * Distance(a.Key, b.Key, scale)))
            / ((double)first.Count * first.Count);
        return expected == 0 ? null : 1 - (observed / expected);
    }

    /// <summary>Krippendorff's alpha (2011) of two judges without gaps; <see cref="AgreementScale.Quadratic"/> is his interval scale.</summary>
    public static double? KrippendorffAlpha(IReadOnlyList<double> first, IReadOnlyList<double> second, AgreementScale scale)
    {
        Check(first, second);
        return new AlphaTable([.. first.Zip(second).Select(p => (IReadOnlyList<double?>)[p.First, p.Second])], scale).Value;
    }

    /// <summary>Kendall's tau-b: concordant minus discordant pairs, corrected for ties; null where one side has no order at all.</summary>
    public static double? KendallTau(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        Check(first, second);
        long balance = 0, firstOrdered = 0, secondOrdered = 0;
        for (int i = 0; i < first.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                int a = first[i].CompareTo(first[j]), b = second[i].CompareTo(second[j]);
                balance += Math.Sign(a) * Math.Sign(b);
                firstOrdered += a == 0 ? 0 : 1;
                secondOrdered += b == 0 ? 0 : 1;
            }
        }

        return firstOrdered == 0 || secondOrdered == 0 ? null : balance / Math.Sqrt((double)firstOrdered * secondOrdered);
    }

    /// <summary>
    /// How often chance alone gives a tau at least as far from 0: exact, over all orders of <paramref name="count"/> things without ties.
    /// </summary>
    /// <param name="count">Things that are ranked.</param>
    /// <param name="tau">Kendall's tau of two orders, -1 to 1.</param>
    public static double KendallPValue(int count, double tau)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        int pairs = count * (count - 1) / 2;

        // ways[d]: the orders with d discordant pairs; the k-th thing adds 0 to k - 1 of them.
        double[] ways = new double[pairs + 1];
        ways[0] = 1;
        for (int k = 2; k <= count; k++)
        {
            ways = [.. Enumerable.Range(0, pairs + 1).Select(d => Enumerable.Range(0, Math.Min(k, d + 1)).Sum(added => ways[d - added]))];
        }

        double least = (Math.Abs(tau) * pairs) - 1e-9;
        return Enumerable.Range(0, pairs + 1).Where(d => Math.Abs(pairs - (2 * d)) >= least).Sum(d => ways[d]) / ways.Sum();
    }

    /// <summary>Spearman's rank correlation: Pearson's, of mean ranks.</summary>
    public static double? Spearman(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        Check(first, second);
        double[] a = Ranks(first), b = Ranks(second);
        double mean = (a.Length + 1) / 2.0, product = a.Zip(b).Sum(p => (p.First - mean) * (p.Second - mean));
        double squares = a.Sum(r => (r - mean) * (r - mean)) * b.Sum(r => (r - mean) * (r - mean));
        return squares == 0 ? null : product / Math.Sqrt(squares);
    }

    private static double[] Ranks(IReadOnlyList<double> values) =>
        [.. values.Select(v => values.Count(o => o < v) + ((values.Count(o => o == v) + 1) / 2.0))];

    private static double Distance(double a, double b, AgreementScale scale) => scale switch
    {
        AgreementScale.Linear => Math.Abs(a - b),
        AgreementScale.Quadratic => (a - b) * (a - b),
        _ => a == b ? 0 : 1,
    };

    private static void Check(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (first.Count == 0 || first.Count != second.Count)
        {
            throw new ArgumentException($"Both sides must judge the same items, at least one: there are {first.Count} and {second.Count}.", nameof(second));
        }
    }
}
