using SafeTuneBed.Statistics;

namespace SafeTuneBed.Tests.Evaluation;

public sealed class AgreementTableTests
{
    [Fact]
    public void Kappa_TwoByTwo_IsThatOfTheHand()
    {
        // 20 both yes, 5 and 10 apart, 15 both no: observed 0.7, by chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5.
        var (first, second) = Table((1, 1, 20), (1, 0, 5), (0, 1, 10), (0, 0, 15));
        var table = new PairTable(first, second);
        Assert.Equal(0.7, table.Raw, 12);
        Assert.Equal(0.4, table.Kappa("x").Value!.Value, 12);
        Assert.Equal(5 / 50.0, table.Bias("x").Value!.Value, 12);
        Assert.Equal((20, 5, 10, 15), (table.CountOf(1, 1), table.CountOf(1, 0), table.CountOf(0, 1), table.CountOf(0, 0)));
    }

    [Fact]
    public void Kappa_RandomGrades_EqualsThePlainDefinition()
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            var (first, second) = Random(seed, 60);
            var table = new PairTable(first, second);
            Assert.Equal(Agreement.Kappa(first, second)!.Value, table.Kappa("x").Value!.Value, 10);
            Assert.Equal(Agreement.Kappa(first, second, AgreementScale.Quadratic)!.Value, table.WeightedKappa("x").Value!.Value, 10);
        }
    }

    [Fact]
    public void Weights_WholeNumbers_AreRepetitions()
    {
        var (first, second) = Random(3, 40);
        int[] times = [.. Enumerable.Range(0, 40).Select(i => 1 + (i % 3))];
        double[] Repeat(double[] values) => [.. values.SelectMany((v, i) => Enumerable.Repeat(v, times[i]))];
        var weighted = new PairTable(first, second, [.. times.Select(t => (double)t)]);
        var repeated = new PairTable(Repeat(first), Repeat(second));
        Assert.Equal(repeated.Raw, weighted.Raw, 12);
        Assert.Equal(repeated.Kappa("x").Value!.Value, weighted.Kappa("x").Value!.Value, 12);
        Assert.Equal(repeated.WeightedKappa("x").Value!.Value, weighted.WeightedKappa("x").Value!.Value, 12);
        Assert.Equal(repeated.Bias("x").Value!.Value, weighted.Bias("x").Value!.Value, 12);
    }

    [Fact]
    public void Intervals_AnswersOfTheSamePromptRepeated_DoNotNarrow()
    {
        var (first, second) = Random(5, 50);
        string[] units = [.. Enumerable.Range(0, 50).Select(i => $"{i:00}")];
        double[] Four(double[] values) => [.. values.Concat(values).Concat(values).Concat(values)];
        var once = new PairTable(first, second, null, units);
        var fourfold = new PairTable(Four(first), Four(second), null, [.. units, .. units, .. units, .. units]);
        Near(once.Kappa("x"), fourfold.Kappa("x"));
        Near(once.WeightedKappa("x"), fourfold.WeightedKappa("x"));
        Near(once.Bias("x"), fourfold.Bias("x"));
        AgreementEstimate kappa = new PairTable(Four(first), Four(second)).Kappa("x");
        Assert.True(kappa.Upper - kappa.Lower < 0.7 * (once.Kappa("x").Upper - once.Kappa("x").Lower)); // as independent answers they would
    }

    [Fact]
    public void Interval_ManyDraws_CoversTheTruthAboutAsOftenAsItSays()
    {
        // The first is uniform on 1 to 5; the second copies it with 0.6 and draws anew else: kappa is 0.6.
        int covered = 0;
        for (ulong seed = 100; seed < 200; seed++)
        {
            var (first, second) = Random(seed, 80, copied: 6);
            AgreementEstimate kappa = new PairTable(first, second).Kappa($"{seed}");
            covered += kappa.Lower <= 0.6 && kappa.Upper >= 0.6 ? 1 : 0;
        }

        Assert.InRange(covered, 86, 100);
    }

    [Fact]
    public void Alpha_FourJudgesWithGaps_IsThePublishedOne()
    {
        // Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), the example with missing data.
        double?[][] byJudge =
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, null, null, null],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, null, 3],
            [null, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, null],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, null],
        ];
        IReadOnlyList<double?>[] answers = [.. Enumerable.Range(0, 12).Select(i => (IReadOnlyList<double?>)[.. byJudge.Select(j => j[i])])];
        Assert.Equal(0.743, new AlphaTable(answers, AgreementScale.Nominal).Value!.Value, 5e-4);
        Assert.Equal(0.815, new AlphaTable(answers, AgreementScale.Ordinal).Value!.Value, 5e-4);
        Assert.Equal(0.849, new AlphaTable(answers, AgreementScale.Quadratic).Value!.Value, 5e-4);
        Assert.Equal(11, new AlphaTable(answers, AgreementScale.Nominal).Count); // the last has one judge alone
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Alpha_RandomGaps_EqualsTheCoincidenceMatrix(int scale)
    {
        var random = new SeededRandom(11);
        IReadOnlyList<double?>[] answers = [.. Enumerable.Range(0, 40).Select(_ => (IReadOnlyList<double?>)[.. Enumerable.Range(0, 4).Select(_ => random.NextIndex(4) == 0 ? (double?)null : 1 + random.NextIndex(5))])];
        Assert.Equal(ByMatrix(answers, (AgreementScale)scale), new AlphaTable(answers, (AgreementScale)scale).Value!.Value, 10);
    }

    [Fact]
    public void Estimates_NothingToTellApart_AreUndefined()
    {
        var same = new PairTable([1, 1, 1], [1, 1, 1]);
        Assert.Equal((1, null), (same.Raw, same.Kappa("x").Value));
        Assert.Equal(new AgreementEstimate(0, null, null), same.Bias("x"));
        Assert.Null(new AlphaTable([[1, 1], [1, 1]], AgreementScale.Ordinal).Value);
        Assert.Null(new AlphaTable([[1, null], [null, 2]], AgreementScale.Ordinal).Value);
    }

    private static double ByMatrix(IReadOnlyList<double?>[] answers, AgreementScale scale)
    {
        double[,] coincidences = new double[6, 6];
        foreach (double[] judged in answers.Select(a => a.OfType<double>().ToArray()).Where(j => j.Length > 1))
        {
            for (int i = 0; i < judged.Length; i++)
            {
                for (int j = 0; j < judged.Length; j++)
                {
                    coincidences[(int)judged[i], (int)judged[j]] += i == j ? 0 : 1.0 / (judged.Length - 1);
                }
            }
        }

        double[] totals = [.. Enumerable.Range(0, 6).Select(a => Enumerable.Range(0, 6).Sum(b => coincidences[a, b]))];
        double Apart(int a, int b) => scale switch
        {
            AgreementScale.Ordinal => Math.Pow(Enumerable.Range(Math.Min(a, b), Math.Abs(a - b) + 1).Sum(g => totals[g]) - ((totals[a] + totals[b]) / 2), 2),
            AgreementScale.Linear => Math.Abs(a - b),
            _ => (a - b) * (a - b),
        };
        double observed = 0, expected = 0;
        for (int a = 0; a < 6; a++)
        {
            for (int b = 0; b < 6; b++)
            {
                observed += coincidences[a, b] * Apart(a, b);
                expected += totals[a] * totals[b] * Apart(a, b);
            }
        }

        return 1 - ((totals.Sum() - 1) * observed / expected);
    }

    private static void Near(AgreementEstimate a, AgreementEstimate b)
    {
        Assert.Equal(a.Value!.Value, b.Value!.Value, 10);
        Assert.Equal(a.Lower!.Value, b.Lower!.Value, 10);
        Assert.Equal(a.Upper!.Value, b.Upper!.Value, 10);
    }

    private static (double[] First, double[] Second) Table(params (double First, double Second, int Count)[] cells) =>
        ([.. cells.SelectMany(c => Enumerable.Repeat(c.First, c.Count))], [.. cells.SelectMany(c => Enumerable.Repeat(c.Second, c.Count))]);

    private static (double[] First, double[] Second) Random(ulong seed, int count, int copied = 5)
    {
        var random = new SeededRandom(seed);
        double[] first = [.. Enumerable.Range(0, count).Select(_ => 1.0 + random.NextIndex(5))];
        return (first, [.. first.Select(v => random.NextIndex(10) < copied ? v : 1.0 + random.NextIndex(5))]);
    }
}
