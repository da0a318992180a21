using System.Numerics;

namespace SafeTuneBed.Tests.Evaluation;

public sealed class PairedTestsTests
{
    private const double Tolerance = 6e-7;

    [Theory]
    [InlineData(5, 15, .041389, .026604)]
    [InlineData(0, 6, .031250, .015625)]
    [InlineData(40, 20, .013489, .009853)]
    [InlineData(1, 1, 1, 1)]
    [InlineData(0, 0, 1, 1)]
    public void McNemar_KnownCounts_EqualsReference(int first, int second, double exact, double midP)
    {
        Assert.Equal(exact, PairedTests.McNemarExact(first, second), Tolerance);
        Assert.Equal(midP, PairedTests.McNemarMidP(first, second), Tolerance);
        Assert.Equal(PairedTests.McNemarMidP(first, second), PairedTests.McNemarMidP(second, first));
    }

    [Theory]
    [InlineData(5, 15, 4.05, .044171)] // erfc(sqrt(4.05 / 2))
    [InlineData(40, 20, 6.016667, .014171)]
    [InlineData(0, 0, 0, 1)]
    public void McNemarChiSquared_KnownCounts_EqualsReference(int first, int second, double statistic, double p)
    {
        var actual = PairedTests.McNemarChiSquared(first, second);
        Assert.Equal(statistic, actual.Statistic, Tolerance);
        Assert.Equal(p, actual.PValue, Tolerance);
    }

    [Fact]
    public void McNemar_AllSmallCounts_EqualsCountingCoins()
    {
        for (int n = 1; n <= 14; n++)
        {
            for (int b = 0; b <= n; b++)
            {
                // Every outcome of n fair coins: those more uneven than observed, and those as uneven.
                int observed = Math.Abs((2 * b) - n);
                int[] uneven = [.. Enumerable.Range(0, 1 << n).Select(coins => Math.Abs((2 * BitOperations.PopCount((uint)coins)) - n))];
                double more = uneven.Count(u => u > observed), same = uneven.Count(u => u == observed), all = 1 << n;
                Assert.Equal((more + same) / all, PairedTests.McNemarExact(b, n - b), 1e-12);
                Assert.Equal(observed == 0 ? 1 : (more + (same / 2)) / all, PairedTests.McNemarMidP(b, n - b), 1e-12);
            }
        }
    }

    [Fact]
    public void SignFlip_FewDifferences_EqualsReference() => Assert.Equal(.0078125, PairedTests.SignFlip([3, 3, 0, 4, 3, 1, 0, 3, 2, 1], seed: 0), 15);

    [Fact]
    public void SignFlip_EqualSizes_IsMcNemarExact()
    {
        double[] differences = [.. Enumerable.Repeat(0.1, 12), .. Enumerable.Repeat(-0.1, 4), 0, 0];
        Assert.Equal(PairedTests.McNemarExact(12, 4), PairedTests.SignFlip(differences, seed: 0), 12);
    }

    [Fact]
    public void SignFlip_NoDifference_IsOne()
    {
        Assert.Equal(1, PairedTests.SignFlip([], seed: 0));
        Assert.Equal(1, PairedTests.SignFlip([0, 0], seed: 0));
        Assert.Equal(1, PairedTests.SignFlip([2, -2], seed: 0));
    }

    [Fact]
    public void SignFlip_ManyDifferences_DrawsNearTheExactValueAndRepeats()
    {
        // 40 + 20 differences of one size: the exact value is McNemar's.
        double[] differences = [.. Enumerable.Repeat(1.0, 40), .. Enumerable.Repeat(-1.0, 20)];
        double p = PairedTests.SignFlip(differences, seed: 9);
        Assert.Equal(.013489, p, 0.0015);
        Assert.Equal(p, PairedTests.SignFlip(differences, seed: 9));
    }

    [Fact]
    public void SignFlip_OverwhelmingDifference_IsSmallButNotZero() =>
        Assert.InRange(PairedTests.SignFlip([.. Enumerable.Repeat(1.0, 100)], seed: 1, draws: 9_999), 0.0001, 0.0001);

    [Fact]
    public void Corrections_KnownFamily_EqualReference()
    {
        double[] p = [.01, .04, .03, .005];
        AssertClose([.03, .06, .06, .02], PairedTests.Holm(p));
        AssertClose([.02, .04, .04, .02], PairedTests.BenjaminiHochberg(p));
    }

    [Fact]
    public void Corrections_LargeValues_StayWithinOne()
    {
        AssertClose([1, 1, 1], PairedTests.Holm([.9, .5, .8]));
        AssertClose([.9, .9, .9], PairedTests.BenjaminiHochberg([.9, .5, .8]));
        Assert.Empty(PairedTests.Holm([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => PairedTests.Holm([double.NaN]));
    }

    private static void AssertClose(double[] expected, IReadOnlyList<double> actual)
    {
        Assert.Equal(expected.Length, actual.Count);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 12));
    }
}
