using SafeTuneBed.Statistics;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>Literal numbers come from independent reference code; the rest from closed forms and brute force.</summary>
public sealed class IntervalsTests
{
    private const double Tolerance = 6e-7;

    private static readonly double[] Likert = [1, 2, 3, 5, 5, 1, 1, 2, 4, 1];

    [Theory]
    [InlineData(0, 520, 0, .007333)]
    [InlineData(1, 520, .000340, .010812)]
    [InlineData(96, 520, .153623, .220233)]
    [InlineData(200, 520, .343791, .427132)]
    [InlineData(520, 520, .992667, 1)]
    [InlineData(5, 10, .236593, .763407)]
    [InlineData(0, 1, 0, .793451)]
    [InlineData(3, 137, .007475, .062401)]
    [InlineData(812, 872, .912431, .946172)]
    [InlineData(96, 500, .159876, .228820)]
    public void Wilson_KnownCounts_EqualsReference(int successes, int trials, double lower, double upper) => AssertInterval(lower, upper, Intervals.Wilson(successes, trials));

    [Fact]
    public void Wilson_Ends_SolveTheScoreEquation()
    {
        // The defining property: at each end p0 of the interval, |p - p0| is z standard errors under p0.
        for (int k = 1; k < 40; k++)
        {
            Interval interval = Intervals.Wilson(k, 40);
            foreach (double end in new[] { interval.Lower, interval.Upper })
            {
                Assert.Equal(1.959963984540054, Math.Abs((k / 40.0) - end) / Math.Sqrt(end * (1 - end) / 40), 9);
            }
        }
    }

    [Theory]
    [InlineData(96, 520, .152178, .220685)]
    [InlineData(0, 520, 0, .007069)]
    [InlineData(3, 137, .004539, .062660)]
    public void ClopperPearson_KnownCounts_EqualsReference(int successes, int trials, double lower, double upper) =>
        AssertInterval(lower, upper, Intervals.ClopperPearson(successes, trials));

    [Fact]
    public void ClopperPearson_Ends_LeaveTheTailOfTheBinomial()
    {
        Interval interval = Intervals.ClopperPearson(7, 30);
        Assert.Equal(0.025, Enumerable.Range(7, 24).Sum(k => BinomialPmf(30, k, interval.Lower)), 9);
        Assert.Equal(0.025, Enumerable.Range(0, 8).Sum(k => BinomialPmf(30, k, interval.Upper)), 9);
    }

    [Fact]
    public void StandardError_OfShare_UsesBessel() =>
        Assert.Equal(.017031, Intervals.StandardError([.. Enumerable.Repeat(1.0, 96), .. Enumerable.Repeat(0.0, 424)]), Tolerance);

    [Fact]
    public void StudentT_LikertScores_EqualsReference()
    {
        Assert.Equal(.521749, Intervals.StandardError(Likert), Tolerance);
        AssertInterval(1.319721, 3.680279, Intervals.StudentT(Likert));
    }

    [Fact]
    public void StudentT_ThreeSeeds_HasTheWideMultiplier()
    {
        Interval interval = Intervals.StudentT([18.6, 22.1, 15.9]);
        Assert.Equal(18.87, (interval.Lower + interval.Upper) / 2, 0.005);
        Assert.Equal(7.72, (interval.Upper - interval.Lower) / 2, 0.005);
    }

    [Fact]
    public void ClusterStandardError_TwoTurnQuestions_EqualsReference()
    {
        double[] scores = [8, 7, 9, 9, 3, 5, 10, 6];
        string[] questions = ["a", "a", "b", "b", "c", "c", "d", "d"];
        Assert.Equal(.833185, Intervals.StandardError(scores), Tolerance);
        Assert.Equal(.941657, Intervals.ClusterStandardError(scores, questions, correctForFewClusters: false), Tolerance);
        Assert.Equal(1.087332, Intervals.ClusterStandardError(scores, questions), Tolerance);

        // Groups of equal size: the corrected error is that of the group means.
        Assert.Equal(Intervals.StandardError([7.5, 9, 4, 8]), Intervals.ClusterStandardError(scores, questions), 12);
    }

    [Theory]
    [InlineData(520, 40, 20, .014800)]
    [InlineData(520, 15, 5, .008559)]
    [InlineData(137, 6, 0, .017484)]
    public void PairedStandardError_KnownCounts_EqualsReference(int pairs, int first, int second, double error)
    {
        Assert.Equal(error, Intervals.PairedStandardError(first, second, pairs), Tolerance);

        // The deviation of the pairs' differences themselves, with n in place of n - 1.
        double[] differences = [.. Enumerable.Repeat(1.0, first), .. Enumerable.Repeat(-1.0, second), .. Enumerable.Repeat(0.0, pairs - first - second)];
        Assert.Equal(Intervals.StandardError(differences) * Math.Sqrt((pairs - 1.0) / pairs), Intervals.PairedStandardError(first, second, pairs), 12);
    }

    [Theory]
    [InlineData(76, 40, 20, 384, .009170, .068100)]
    [InlineData(80, 15, 5, 420, .001764, .037333)]
    public void NewcombePaired_KnownCounts_EqualsReference(int both, int first, int second, int neither, double lower, double upper) =>
        AssertInterval(lower, upper, Intervals.NewcombePaired(both, first, second, neither));

    [Fact]
    public void NewcombePaired_Swapped_MirrorsTheInterval()
    {
        Interval one = Intervals.NewcombePaired(30, 9, 4, 57), other = Intervals.NewcombePaired(30, 4, 9, 57);
        Assert.Equal(-one.Upper, other.Lower, 12);
        Assert.Equal(-one.Lower, other.Upper, 12);
    }

    [Fact]
    public void NewcombePaired_NothingDiffers_StillHasWidth()
    {
        Interval interval = Intervals.NewcombePaired(0, 0, 0, 144);
        Assert.True(interval is { Lower: < -0.01, Upper: > 0.01 });
    }

    [Fact]
    public void NewcombeUnpaired_KnownCounts_EqualsReference() => AssertInterval(.145822, .252613, Intervals.NewcombeUnpaired(200, 520, 96, 520));

    [Fact]
    public void Bootstrap_SymmetricSample_AgreesWithStudentT()
    {
        double[] values = [.. Enumerable.Range(0, 400).Select(i => (double)(i % 5) + 1)];
        Interval bootstrap = Intervals.Bootstrap(values, seed: 1), student = Intervals.StudentT(values);
        Assert.Equal(student.Lower, bootstrap.Lower, 0.01);
        Assert.Equal(student.Upper, bootstrap.Upper, 0.01);
    }

    [Fact]
    public void Bootstrap_ThreeValues_EqualsFullEnumeration()
    {
        // All 27 resamples of three values are equally likely, so that the bootstrap's distribution, and with it BCa, is known exactly.
        double[] values = [0, 1, 5];
        double[] means = [.. (from a in values from b in values from c in values select (a + b + c) / 3).Order()];
        double mean = 2, bias = MathNet.Numerics.Distributions.Normal.InvCDF(0, 1, (means.Count(m => m < mean - 1e-9) + (0.5 * means.Count(m => Math.Abs(m - mean) < 1e-9))) / 27);
        double acceleration = values.Sum(v => Math.Pow(v - mean, 3)) / (6 * Math.Pow(values.Sum(v => Math.Pow(v - mean, 2)), 1.5));
        double Level(double z) => MathNet.Numerics.Distributions.Normal.CDF(0, 1, bias + ((bias + z) / (1 - (acceleration * (bias + z)))));
        double Quantile(double level) => means[Math.Min(26, (int)Math.Floor(level * 27))];
        Interval interval = Intervals.Bootstrap(values, seed: 3, resamples: 200_000, confidence: 0.8);
        Assert.Equal(Quantile(Level(-1.2815515655446004)), interval.Lower, 9);
        Assert.Equal(Quantile(Level(1.2815515655446004)), interval.Upper, 9);
    }

    [Fact]
    public void Bootstrap_SameSeed_Repeats()
    {
        double[] values = [.. Enumerable.Range(0, 50).Select(i => Math.Sqrt(i))];
        Assert.Equal(Intervals.Bootstrap(values, 7), Intervals.Bootstrap(values, 7));
        Assert.NotEqual(Intervals.Bootstrap(values, 7), Intervals.Bootstrap(values, 8));
    }

    [Fact]
    public void HierarchicalBootstrap_TwoSeedsTwoItems_EqualsFullEnumeration()
    {
        // 2 x 2 drawings of seeds times 2 x 2 drawings of items: 16 equally likely means.
        double?[][] values = [[0, 1], [1, 4]];
        int[] picks = [0, 1];
        double[] means = [.. (from s in picks from t in picks from i in picks from j in picks
                              select (values[s][i] + values[s][j] + values[t][i] + values[t][j])!.Value / 4).Order()];
        Interval interval = Intervals.HierarchicalBootstrap(values, seed: 5, resamples: 20_000, confidence: 0.7);
        Assert.Equal(means[(int)(0.15 * 16)], interval.Lower, 9);
        Assert.Equal(means[(int)(0.85 * 16)], interval.Upper, 9);
    }

    [Fact]
    public void HierarchicalBootstrap_MissingScores_AreLeftOutNotImputed()
    {
        double?[][] values = [[1, null, 1, 1], [1, 1, null, 1]];
        Assert.Equal(new Interval(1, 1), Intervals.HierarchicalBootstrap(values, seed: 1));
    }

    [Fact]
    public void HierarchicalBootstrap_SeedsThatDisagree_WidenTheInterval()
    {
        double?[] low = [.. Enumerable.Range(0, 144).Select(i => i % 10 == 0 ? 1.0 : (double?)0)], high = [.. Enumerable.Range(0, 144).Select(i => i % 10 == 0 ? 0 : (double?)1)];
        Interval interval = Intervals.HierarchicalBootstrap([low, high, low, high], seed: 1);
        Assert.True(interval.Upper - interval.Lower > 0.5);
    }

    [Fact]
    public void Intervals_ImpossibleInput_Throw()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Intervals.Wilson(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Intervals.Wilson(11, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => Intervals.Wilson(double.NaN, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => Intervals.StudentT([1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Intervals.Wilson(1, 10, confidence: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Intervals.NewcombePaired(0, 0, 0, 0));
        Assert.Throws<ArgumentException>(() => Intervals.HierarchicalBootstrap([[null], [null]], 1));
        Assert.Throws<ArgumentException>(() => Intervals.HierarchicalBootstrap([[1], [1, 0]], 1));
    }

    [Fact]
    public void SeededRandom_SeedZero_GivesThePublishedSequence()
    {
        var random = new SeededRandom(0);
        Assert.Equal<ulong[]>([0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F], [random.NextBits(), random.NextBits(), random.NextBits()]);
    }

    [Fact]
    public void SeededRandom_NextIndex_IsUniformAndInRange()
    {
        var random = new SeededRandom(42);
        var counts = new int[7];
        for (int i = 0; i < 70_000; i++)
        {
            counts[random.NextIndex(7)]++;
        }

        // Chi-squared with 6 degrees of freedom: 22.46 is passed with probability .001, and the seed is fixed.
        Assert.True(counts.Sum(c => Math.Pow(c - 10_000, 2) / 10_000) < 22.46);
    }

    private static double BinomialPmf(int n, int k, double p) =>
        Enumerable.Range(1, k).Aggregate(1.0, (c, i) => c * (n - k + i) / i) * Math.Pow(p, k) * Math.Pow(1 - p, n - k);

    private static void AssertInterval(double lower, double upper, Interval actual)
    {
        Assert.Equal(lower, actual.Lower, Tolerance);
        Assert.Equal(upper, actual.Upper, Tolerance);
    }
}
