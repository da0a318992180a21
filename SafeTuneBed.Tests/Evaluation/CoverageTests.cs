using MathNet.Numerics.Distributions;
using SafeTuneBed.Statistics;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>Whether 95 % intervals hold what they say, on data of known truth.</summary>
public sealed class CoverageTests
{
    [Theory]
    [InlineData(30)]
    [InlineData(137)]
    [InlineData(520)]
    public void Wilson_AllOutcomes_CoversTheTruthAsOftenAsItSays(int n)
    {
        // Exact: every outcome with its probability, for shares from 1 to 99 %.
        double[] coverage = [.. Enumerable.Range(1, 99).Select(i => i / 100.0).Select(p => Enumerable.Range(0, n + 1).Where(k => Intervals.Wilson(k, n) is var c && c.Lower <= p && p <= c.Upper).Sum(k => Binomial.PMF(p, n, k)))];
        Assert.InRange(coverage.Average(), 0.945, 0.965);
        Assert.True(coverage.Min() > 0.88, $"{coverage.Min()}");
    }

    [Fact]
    public void ClusteredBootstrap_CorrelatedItems_CoversWhereTheSimpleOneDoesNot()
    {
        const int sets = 300, clusters = 40, size = 8;
        var random = new SeededRandom(7);
        int clustered = 0, simple = 0;
        for (int set = 0; set < sets; set++)
        {
            // Each group has a level of its own, uniform on 0 to 1; the true mean is a half.
            var values = new List<double>();
            var groups = new List<string>();
            for (int g = 0; g < clusters; g++)
            {
                double level = Uniform(random);
                for (int i = 0; i < size; i++)
                {
                    values.Add(Uniform(random) < level ? 1 : 0);
                    groups.Add($"g{g}");
                }
            }

            clustered += Covers(Intervals.ClusteredBootstrap(values, groups, (ulong)set, resamples: 1_000));
            simple += Covers(Intervals.Bootstrap(values, (ulong)set, resamples: 1_000));
        }

        // Three standard errors of a simulated share are 3.8 points; groups of 40 cost the bootstrap about one.
        Assert.InRange(clustered / (double)sets, 0.90, 0.985);
        Assert.InRange(simple / (double)sets, 0.5, 0.86);

        static int Covers(Interval interval) => interval.Lower <= 0.5 && 0.5 <= interval.Upper ? 1 : 0;
    }

    private static double Uniform(SeededRandom random) => (random.NextBits() >> 11) / (double)(1UL << 53);
}
