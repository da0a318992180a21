using SafeTuneBed.Statistics;

namespace SafeTuneBed.Tests.Evaluation;

public sealed class PlanPowerTests
{
    // Points for discordances of .05, .1, .2 and .3; NaN: not reachable. The published table rounded to two decimals first and then to one; at 156 pairs and .05
    // it has a dash, where the formula gives 4.98 of the 5 points that are possible.
    [Theory]
    [InlineData(100, double.NaN, 8.8, 12.4, 15.2)]
    [InlineData(137, double.NaN, 7.5, 10.6, 13.0)]
    [InlineData(156, 5.0, 7.0, 10.0, 12.2)]
    [InlineData(330, 3.4, 4.9, 6.9, 8.4)]
    [InlineData(520, 2.7, 3.9, 5.5, 6.7)]
    [InlineData(1000, 2.0, 2.8, 4.0, 4.9)]
    [InlineData(14042, 0.5, 0.8, 1.1, 1.3)]
    public void MinimumDetectableDifference_PlanningTable_IsMet(int pairs, params double[] points)
    {
        foreach (var (discordance, expected) in new[] { 0.05, 0.1, 0.2, 0.3 }.Zip(points))
        {
            double? found = PlanPower.MinimumDetectableDifference(pairs, discordance);
            if (double.IsNaN(expected))
            {
                Assert.Null(found);
            }
            else
            {
                Assert.Equal(expected, Math.Round(Math.Round(100 * found!.Value, 2, MidpointRounding.AwayFromZero), 1, MidpointRounding.AwayFromZero), 12);
            }
        }
    }

    [Fact]
    public void MinimumDetectableDifference_PutBackIntoItsFormula_GivesThePairs()
    {
        foreach (var (pairs, discordance, power) in new[] { (80, 0.4, 0.8), (500, 0.07, 0.9), (2_000, 1.0, 0.5) })
        {
            double d = PlanPower.MinimumDetectableDifference(pairs, discordance, power, 0.01)!.Value;
            double z = 2.5758293035489004, chance = power switch { 0.8 => 0.8416212335729143, 0.9 => 1.2815515655446004, _ => 0 };
            Assert.Equal(pairs, Math.Pow((z * Math.Sqrt(discordance)) + (chance * Math.Sqrt(discordance - (d * d))), 2) / (d * d), 1e-6 * pairs);
        }
    }

    [Theory]
    [InlineData(137, 6.6, 2.7)]
    [InlineData(330, 4.3, 1.15)]
    [InlineData(520, 3.4, 0.73)]
    public void HalfWidthAndUpperEnd_PlanningNumbers_AreMet(int items, double half, double upper)
    {
        Assert.Equal(half, 100 * PlanPower.HalfWidth(0.2, items), 0.06);
        Assert.Equal(upper, 100 * PlanPower.UpperEndAfterNoHit(items), 0.06);
    }

    [Fact]
    public void MinimumDetectableDifference_OutOfRange_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => PlanPower.MinimumDetectableDifference(0, 0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => PlanPower.MinimumDetectableDifference(10, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => PlanPower.MinimumDetectableDifference(10, 1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => PlanPower.MinimumDetectableDifference(10, 0.1, power: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => PlanPower.MinimumDetectableDifference(10, 0.1, significance: double.NaN));
    }

    [Fact]
    public void ClusteredBootstrap_GroupsOfOne_IsTheBootstrap()
    {
        double[] values = [1, 2, 3, 5, 5, 1, 1, 2, 4, 1];
        Assert.Equal(Intervals.Bootstrap(values, 7), Intervals.ClusteredBootstrap(values, [.. values.Select((_, i) => $"{i}")], 7));
    }

    [Fact]
    public void ClusteredBootstrap_CopiesWithinGroups_ChangeNothing()
    {
        double[] values = [1, 2, 3, 5, 5, 1, 1, 2, 4, 1];
        string[] groups = [.. values.Select((_, i) => $"{i}")];
        Assert.Equal(
            Intervals.Bootstrap(values, 7),
            Intervals.ClusteredBootstrap([.. values.SelectMany(v => new[] { v, v, v, v })], [.. groups.SelectMany(g => new[] { g, g, g, g })], 7));
    }

    [Fact]
    public void ClusteredBootstrap_CorrelatedValues_CoversWhatTheBootstrapOfValuesMisses()
    {
        // 25 groups of 6 values with a common part of variance 1 and an own part of variance 1/4: the true mean is 0.
        int clustered = 0, naive = 0;
        const int worlds = 300;
        var random = new SeededRandom(20260101);
        double Noise() => Enumerable.Range(0, 12).Sum(_ => (random.NextBits() >> 11) * (1.0 / (1UL << 53))) - 6;
        for (int world = 0; world < worlds; world++)
        {
            var values = new List<double>();
            var groups = new List<string>();
            for (int g = 0; g < 25; g++)
            {
                double common = Noise();
                for (int i = 0; i < 6; i++)
                {
                    values.Add(common + (0.5 * Noise()));
                    groups.Add($"{g}");
                }
            }

            Interval whole = Intervals.ClusteredBootstrap(values, groups, (ulong)world, 300), single = Intervals.Bootstrap(values, (ulong)world, 300);
            clustered += whole.Lower <= 0 && whole.Upper >= 0 ? 1 : 0;
            naive += single.Lower <= 0 && single.Upper >= 0 ? 1 : 0;
        }

        // 95 % less some 3 points for 25 groups; three standard errors of 300 worlds are 4 points.
        Assert.InRange(clustered / (double)worlds, 0.88, 0.99);
        Assert.InRange(naive / (double)worlds, 0, 0.75);
    }

    [Fact]
    public void ClusteredBootstrap_OneGroupOrMissingGroups_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Intervals.ClusteredBootstrap([1, 2], ["a", "a"], 0));
        Assert.Throws<ArgumentException>(() => Intervals.ClusteredBootstrap([1, 2], ["a"], 0));
    }

    [Fact]
    public void Wilson_Coverage_IsAboutWhatItClaims()
    {
        // Exact: the binomial chance of all outcomes whose interval holds p, averaged over p. Near the ends single p fall to .83 or so, on average it holds.
        foreach (int n in new[] { 20, 50, 144 })
        {
            Interval[] intervals = [.. Enumerable.Range(0, n + 1).Select(k => Intervals.Wilson(k, n))];
            double[] coverage =
            [
                .. Enumerable.Range(1, 199).Select(i => i / 200.0).Select(p => Enumerable.Range(0, n + 1)
                    .Where(k => intervals[k].Lower <= p && intervals[k].Upper >= p).Sum(k => MathNet.Numerics.Distributions.Binomial.PMF(p, n, k))),
            ];
            Assert.InRange(coverage.Average(), 0.945, 0.96);
            Assert.True(coverage.Min() > 0.83, $"{n}: {coverage.Min()}");
        }
    }
}
