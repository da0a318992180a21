namespace SafeTuneBed.Statistics;

/// <summary>
/// The judgments of two judges on the same answers, as numbers that resampling can ask for again and again. Answers may weigh differently, and belong to units (the
/// prompts) that are drawn together.
/// </summary>
internal sealed class PairTable
{
    private const int Resamples = 2_000;

    private readonly double[] values, weights;
    private readonly int[] first, second;
    private readonly int[][] units;

    /// <param name="first">The first judge's values.</param>
    /// <param name="second">The second judge's values of the same answers.</param>
    /// <param name="weights">What each answer counts, above 0; null counts each once.</param>
    /// <param name="units">What each answer belongs to; null makes each answer a unit.</param>
    public PairTable(IReadOnlyList<double> first, IReadOnlyList<double> second, IReadOnlyList<double>? weights = null, IReadOnlyList<string>? units = null)
    {
        values = [.. first.Concat(second).Distinct().Order()];
        this.first = [.. first.Select(v => Array.BinarySearch(values, v))];
        this.second = [.. second.Select(v => Array.BinarySearch(values, v))];
        this.weights = weights is null ? [.. first.Select(_ => 1.0)] : [.. weights];
        this.units = units is null ? [.. first.Select((_, i) => new[] { i })] : UnitsOf(units);
    }

    /// <summary>Answers.</summary>
    public int Count => first.Length;

    /// <summary>Independent units.</summary>
    public int UnitCount => units.Length;

    /// <summary>Every value that occurs, in order.</summary>
    public IReadOnlyList<double> Values => values;

    /// <summary>The share of answers, by weight, of which both judges say the same.</summary>
    public double Raw => Shares(i => first[i] == second[i]);

    /// <summary>How many answers got this value from each, unweighted.</summary>
    public int CountOf(double one, double other) => Enumerable.Range(0, Count).Count(i => values[first[i]] == one && values[second[i]] == other);

    /// <summary>Cohen's kappa (1960) with its interval; no value where either a single class is left or nothing at all.</summary>
    public AgreementEstimate Kappa(string seed) => Estimate(Kappa, seed);

    /// <summary>Kappa with quadratic weights (Cohen, 1968).</summary>
    public AgreementEstimate WeightedKappa(string seed) => Estimate(WeightedKappa, seed);

    /// <summary>Mean of second minus first, with its BCa interval over units.</summary>
    public AgreementEstimate Bias(string seed)
    {
        if (Count == 0)
        {
            return default;
        }

        double[] differences = [.. Enumerable.Range(0, Count).Select(i => values[second[i]] - values[first[i]])];
        double mean = Enumerable.Range(0, Count).Sum(i => weights[i] * differences[i]) / weights.Sum();
        (double, double)[] groups = [.. units.Select(u => (u.Sum(i => weights[i] * differences[i]), u.Sum(i => weights[i])))];
        Interval? interval = units.Length > 1 && differences.Any(d => d != differences[0])
            ? Resampling.BiasCorrected(groups, new SeededRandom(SeededRandom.SeedOf(seed)), 10_000, 0.95)
            : null;
        return new AgreementEstimate(mean, interval?.Lower, interval?.Upper);
    }

    /// <summary>The answers of each unit, units in the order of their names.</summary>
    public static int[][] UnitsOf(IReadOnlyList<string> units) =>
        [.. units.Index().GroupBy(u => u.Item, u => u.Index, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => g.ToArray())];

    private double? Kappa(int[] times)
    {
        double[] ones = new double[values.Length], others = new double[values.Length];
        double total = 0, same = 0;
        for (int i = 0; i < first.Length; i++)
        {
            double weight = weights[i] * times[i];
            total += weight;
            ones[first[i]] += weight;
            others[second[i]] += weight;
            same += first[i] == second[i] ? weight : 0;
        }

        double chance = ones.Zip(others).Sum(p => p.First * p.Second);
        return IsOneClass(ones, others) ? null : 1 - ((1 - (same / total)) / (1 - (chance / (total * total))));
    }

    private double? WeightedKappa(int[] times)
    {
        double[] ones = new double[values.Length], others = new double[values.Length];
        double total = 0, apart = 0;
        for (int i = 0; i < first.Length; i++)
        {
            double weight = weights[i] * times[i], difference = values[first[i]] - values[second[i]];
            total += weight;
            ones[first[i]] += weight;
            others[second[i]] += weight;
            apart += weight * difference * difference;
        }

        if (IsOneClass(ones, others))
        {
            return null;
        }

        // The mean squared difference of two independent draws.
        double Moment(double[] counts, int power) => counts.Select((c, k) => c * Math.Pow(values[k], power)).Sum() / total;
        return 1 - (apart / total / (Moment(ones, 2) + Moment(others, 2) - (2 * Moment(ones, 1) * Moment(others, 1))));
    }

    // Both judges say the same one thing, always: full agreement that proves nothing.
    private static bool IsOneClass(double[] ones, double[] others) => Enumerable.Range(0, ones.Length).Count(k => ones[k] + others[k] > 0) < 2;

    private AgreementEstimate Estimate(Func<int[], double?> statistic, string seed)
    {
        double? value = statistic([.. Enumerable.Repeat(1, Count)]);
        Interval? interval = value is not null && units.Length > 1 && Enumerable.Range(0, Count).Any(i => first[i] != second[i])
            ? Resampling.Percentiles([statistic], units, Count, new SeededRandom(SeededRandom.SeedOf(seed)), Resamples, 0.95)
            : null;
        return new AgreementEstimate(value, interval?.Lower, interval?.Upper);
    }

    private double Shares(Func<int, bool> counts) => Enumerable.Range(0, Count).Where(counts).Sum(i => weights[i]) / weights.Sum();
}
