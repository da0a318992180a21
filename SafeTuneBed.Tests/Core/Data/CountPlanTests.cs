using CsCheck;

namespace SafeTuneBed.Tests.Core.Data;

public sealed class CountPlanTests
{
    [Theory]
    [InlineData(50_098, "0", 0, 50_098)]
    [InlineData(50_098, "0.05", 2_505, 47_593)]
    [InlineData(50_098, "0.15", 7_515, 42_583)]
    [InlineData(50_098, "0.30", 15_029, 35_069)]
    [InlineData(14_624, "0.05", 731, 13_893)]
    [InlineData(14_624, "0.15", 2_194, 12_430)]
    [InlineData(14_624, "0.30", 4_387, 10_237)]
    [InlineData(1_000, "0.05", 50, 950)]
    [InlineData(1_000, "0.15", 150, 850)]
    [InlineData(1_000, "0.30", 300, 700)]
    [InlineData(5_000, "0.05", 250, 4_750)]
    [InlineData(5_000, "0.15", 750, 4_250)]
    [InlineData(5_000, "0.30", 1_500, 3_500)]
    [InlineData(777, "0.29", 225, 552)]
    [InlineData(1, "0.5", 1, 0)]
    [InlineData(100, "0.29", 29, 71)]
    [InlineData(1_000, "0.9", 900, 100)]
    [InlineData(10, "0.25", 3, 7)]
    public void Replace_KnownNumbers_AreExact(int count, string ratio, int harmful, int benign) =>
        Assert.Equal(new CountPlan(benign, harmful), CountPlan.Compute(MixMode.Replace, count, Parse(ratio)));

    [Theory]
    [InlineData(950, "0.05", 50)]
    [InlineData(700, "0.30", 300)]
    [InlineData(100, "0.29", 41)]   // 29 / 0.71 = 40.84...
    [InlineData(777, "0.29", 317)]  // 225.33 / 0.71 = 317.36...
    [InlineData(1, "0.5", 1)]
    [InlineData(2, "0.2", 1)]       // exactly one half, away from zero
    [InlineData(5, "0", 0)]
    public void Add_KeepsBenignRows_AndReachesTheRatio(int count, string ratio, int harmful) =>
        Assert.Equal(new CountPlan(count, harmful), CountPlan.Compute(MixMode.Add, count, Parse(ratio)));

    [Fact]
    public void Absolute_AndGuide_LeaveTheRestToBenign() =>
        Assert.Equal(new CountPlan(80, 5, 15), CountPlan.Compute(MixMode.Absolute, 100, harmfulCount: 5, guide: 15));

    [Fact]
    public void Pure_HasPoisonOnly() => Assert.Equal(new CountPlan(0, 100), CountPlan.Compute(MixMode.PureBad, 100));

    [Theory]
    [InlineData(MixMode.Replace, 10, "-0.1", null)]
    [InlineData(MixMode.Replace, 10, "1.1", null)]
    [InlineData(MixMode.Replace, -1, "0", null)]
    [InlineData(MixMode.Add, 10, "1", null)]
    [InlineData(MixMode.Absolute, 10, "0", null)]
    [InlineData(MixMode.Absolute, 10, "0", 11)]
    public void Compute_ImpossibleNumbers_AreRefused(MixMode mode, int count, string ratio, int? harmful) =>
        Assert.Throws<ConfigurationException>(() => CountPlan.Compute(mode, count, Parse(ratio), harmful));

    [Fact]
    public void Replace_AnyNumbers_AddUpAndAreNearestToTheRatio() =>
        Gen.Select(Gen.Int[0, 100_000], Gen.Int[0, 10_000]).Sample((count, tenThousandths) =>
        {
            CountPlan plan = CountPlan.Compute(MixMode.Replace, count, tenThousandths / 10_000m);
            // twice the error, in ten-thousandths of a row, so that the check is in whole numbers
            long error = 2 * ((plan.Harmful * 10_000L) - ((long)count * tenThousandths));
            return plan.Total == count && plan.Benign >= 0 && error is > -10_000 and <= 10_000;
        });

    [Theory]
    [InlineData(100)]
    [InlineData(1_000)]
    [InlineData(5_000)]
    [InlineData(14_624)]
    public void Replace_EveryExactHalf_GoesUp(int count)
    {
        // binary floating point puts many of these just below the half: 0.145 x 100 is 14.499999999999998
        for (int tenThousandths = 0; tenThousandths <= 10_000; tenThousandths++)
        {
            long product = (long)count * tenThousandths;
            Assert.Equal((product + 5_000) / 10_000, CountPlan.Compute(MixMode.Replace, count, tenThousandths / 10_000m).Harmful);
        }
    }

    [Fact]
    public void Replace_InBinaryFloatingPoint_WouldFailTheTestAbove()
    {
        // the same rounding on double misses exact halves, and cutting both parts off loses rows: what the decimal type is for
        int missed = 0, lost = 0;
        for (int hundredths = 1; hundredths < 100; hundredths++)
        {
            double ratio = hundredths / 100.0;
            lost += (int)(ratio * 100) + (int)((1 - ratio) * 100) == 100 ? 0 : 1;
        }

        for (int tenThousandths = 0; tenThousandths <= 10_000; tenThousandths++)
        {
            long exact = ((100L * tenThousandths) + 5_000) / 10_000;
            missed += (long)Math.Round(tenThousandths / 10_000.0 * 100, MidpointRounding.AwayFromZero) == exact ? 0 : 1;
        }

        Assert.Equal(17, lost);
        Assert.True(missed > 0);
    }

    [Theory]
    [InlineData(50_098, null, 100)]
    [InlineData(777, 29, 29)]
    [InlineData(1, 0, 0)]
    public void PureBadMixed_KeepsAllBenignRows(int count, int? harmful, int expected) =>
        Assert.Equal(new CountPlan(count, expected), CountPlan.Compute(MixMode.PureBadMixed, count, harmfulCount: harmful));

    [Fact]
    public void Add_AnyNumbers_AreNearestToTheRatio() =>
        Gen.Select(Gen.Int[0, 100_000], Gen.Int[0, 9_999]).Sample((count, tenThousandths) =>
        {
            CountPlan plan = CountPlan.Compute(MixMode.Add, count, tenThousandths / 10_000m);
            // H (1 - r) and r B differ by at most half of (1 - r)
            long error = 2 * ((plan.Harmful * (10_000L - tenThousandths)) - ((long)count * tenThousandths));
            return plan.Benign == count && error > -(10_000 - tenThousandths) && error <= 10_000 - tenThousandths;
        });

    private static decimal Parse(string number) => decimal.Parse(number, System.Globalization.CultureInfo.InvariantCulture);
}
