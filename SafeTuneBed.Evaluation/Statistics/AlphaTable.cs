namespace SafeTuneBed.Statistics;

/// <summary>
/// Krippendorff's alpha (2011) of any number of judges, not each of whom need have judged every answer: an answer counts with as many judgments as it has, from two on.
/// </summary>
internal sealed class AlphaTable
{
    private const int Resamples = 2_000;

    private readonly AgreementScale scale;
    private readonly double[] values, weights;
    private readonly int[][] answers, units;

    /// <param name="answers">For each answer the values of all judges, null where one gave none.</param>
    /// <param name="scale">How differences count.</param>
    /// <param name="weights">What each answer counts; null counts each once.</param>
    /// <param name="units">What each answer belongs to; null makes each answer a unit.</param>
    public AlphaTable(IReadOnlyList<IReadOnlyList<double?>> answers, AgreementScale scale, IReadOnlyList<double>? weights = null, IReadOnlyList<string>? units = null)
    {
        int[] paired = [.. Enumerable.Range(0, answers.Count).Where(i => answers[i].Count(v => v is not null) > 1)];
        values = [.. paired.SelectMany(i => answers[i].OfType<double>()).Distinct().Order()];
        this.answers = [.. paired.Select(i => answers[i].OfType<double>().Select(v => Array.BinarySearch(values, v)).ToArray())];
        this.weights = [.. paired.Select(i => weights?[i] ?? 1)];
        this.units = units is null ? [.. paired.Select((_, i) => new[] { i })] : PairTable.UnitsOf([.. paired.Select(i => units[i])]);
        this.scale = scale;
    }

    /// <summary>Answers with two judgments or more.</summary>
    public int Count => answers.Length;

    /// <summary>The value of all answers; null where only one value occurs, or none.</summary>
    public double? Value => Of([.. Enumerable.Repeat(1, Count)]);

    /// <summary>Alpha with its percentile interval over units.</summary>
    public AgreementEstimate Estimate(string seed)
    {
        double? value = Value;
        Interval? interval = value is not null && units.Length > 1 && answers.Any(a => a.Distinct().Count() > 1)
            ? Resampling.Percentiles([Of], units, Count, new SeededRandom(SeededRandom.SeedOf(seed)), Resamples, 0.95)
            : null;
        return new AgreementEstimate(value, interval?.Lower, interval?.Upper);
    }

    private double? Of(int[] times)
    {
        double[] counts = new double[values.Length];
        for (int a = 0; a < answers.Length; a++)
        {
            foreach (int value in answers[a])
            {
                counts[value] += weights[a] * times[a];
            }
        }

        double all = counts.Sum();
        if (counts.Count(c => c > 0) < 2)
        {
            return null;
        }

        double[] places = Places(counts);
        double observed = 0;
        for (int a = 0; a < answers.Length; a++)
        {
            if (times[a] > 0)
            {
                observed += weights[a] * times[a] * Within(answers[a], places);
            }
        }

        double expected = Expected(counts, places, all);
        return expected == 0 ? null : 1 - (observed / expected);
    }

    // Ordinal distances are those of mean ranks: what lies between two grades, and half of each.
    private double[] Places(double[] counts)
    {
        if (scale != AgreementScale.Ordinal)
        {
            return values;
        }

        double[] places = new double[counts.Length];
        double below = 0;
        for (int k = 0; k < counts.Length; k++)
        {
            places[k] = below + (counts[k] / 2);
            below += counts[k];
        }

        return places;
    }

    // Distances of all pairs of judgments on one answer, both ways, over how many others each judgment has.
    private double Within(int[] judged, double[] places)
    {
        double sum = 0;
        for (int i = 0; i < judged.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                sum += 2 * Distance(judged[i], judged[j], places);
            }
        }

        return sum / (judged.Length - 1);
    }

    private double Expected(double[] counts, double[] places, double all)
    {
        double sum = 0;
        switch (scale)
        {
            case AgreementScale.Nominal:
                sum = (all * all) - counts.Sum(c => c * c);
                break;
            case AgreementScale.Linear:
                for (int i = 0; i < counts.Length; i++)
                {
                    for (int j = 0; j < counts.Length; j++)
                    {
                        sum += counts[i] * counts[j] * Distance(i, j, places);
                    }
                }

                break;
            default:
                double mean = counts.Zip(places).Sum(p => p.First * p.Second) / all;
                sum = 2 * all * counts.Zip(places).Sum(p => p.First * (p.Second - mean) * (p.Second - mean));
                break;
        }

        return sum / (all - 1);
    }

    private double Distance(int a, int b, double[] places) => scale switch
    {
        AgreementScale.Nominal => a == b ? 0 : 1,
        AgreementScale.Linear => Math.Abs(places[a] - places[b]),
        _ => (places[a] - places[b]) * (places[a] - places[b]),
    };
}
