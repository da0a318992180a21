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
        CheckReplace((count, tenThousandths) => CountPlan.Compute(MixMode.Replace, count, tenThousandths / 10_000m));

    [Fact]
    public void Replace_AnyNumbersInDouble_FailTheProperty() => Assert.Throws<CsCheckException>(() => CheckReplace((count, tenThousandths) =>
    {
        int harmful = (int)Math.Round(tenThousandths / 10_000.0 * count, MidpointRounding.AwayFromZero);
        return new CountPlan(count - harmful, harmful);
    }));

    [Fact]
    public void Replace_BothPartsCutOff_FailTheProperty() => Assert.Throws<CsCheckException>(() => CheckReplace((count, tenThousandths) =>
        new CountPlan((int)((1 - (tenThousandths / 10_000.0)) * count), (int)(tenThousandths / 10_000.0 * count))));

    /// <summary>Exact totals, and the nearest whole number of poison rows, halves up; on any numbers and on such whose product is a half.</summary>
    private static void CheckReplace(Func<int, int, CountPlan> compute) => Numbers.Sample(
        (count, tenThousandths) =>
        {
            CountPlan plan = compute(count, tenThousandths);
            // twice the error, in ten-thousandths of a row, so that the check is in whole numbers
            long error = 2 * ((plan.Harmful * 10_000L) - ((long)count * tenThousandths));
            return plan.Total == count && plan.Benign >= 0 && error is > -10_000 and <= 10_000;
        },
        iter: 2_000, threads: 1);

    // 100 (2a + 1) x (100 b + 50) / 10,000 = (2a + 1) b + a + 1/2
    private static Gen<(int Count, int TenThousandths)> Numbers => Gen.OneOf(
        Gen.Select(Gen.Int[0, 100_000], Gen.Int[0, 10_000]),
        Gen.Select(Gen.Int[0, 300].Select(a => 100 * ((2 * a) + 1)), Gen.Int[0, 99].Select(b => (100 * b) + 50)));

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
        CheckAdd((count, tenThousandths) => CountPlan.Compute(MixMode.Add, count, tenThousandths / 10_000m));

    [Fact]
    public void Add_AnyNumbersInDouble_FailTheProperty() => Assert.Throws<CsCheckException>(() => CheckAdd((count, tenThousandths) =>
    {
        double ratio = tenThousandths / 10_000.0;
        return new CountPlan(count, (int)Math.Round(ratio * count / (1 - ratio), MidpointRounding.AwayFromZero));
    }));

    // H (1 - r) and r B differ by at most half of (1 - r); B = k q makes a half of the second kind where r = p / q' is chosen so
    private static void CheckAdd(Func<int, int, CountPlan> compute) => Gen.OneOf(
        Gen.Select(Gen.Int[0, 100_000], Gen.Int[0, 9_999]),
        Gen.Select(Gen.Int[0, 99], Gen.Int[1, 4_999]).Select((k, t) => (((10_000 - t) / Gcd(2 * t, 10_000 - t) * ((2 * k) + 1)) is var b and < 1_000_000 ? b : 1, t))).Sample(
        (count, tenThousandths) =>
        {
            CountPlan plan = compute(count, tenThousandths);
            long error = 2 * ((plan.Harmful * (10_000L - tenThousandths)) - ((long)count * tenThousandths));
            return plan.Benign == count && error > -(10_000 - tenThousandths) && error <= 10_000 - tenThousandths;
        },
        iter: 5_000, threads: 1);

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);

    [Theory]
    [InlineData(MixMode.Replace, "0.3", 70, 30, 0, true)]
    [InlineData(MixMode.Replace, "0.3", 71, 29, 0, true)]
    [InlineData(MixMode.Replace, "0.3", 72, 28, 0, false)]
    [InlineData(MixMode.Replace, "0.3", 68, 32, 0, false)]
    [InlineData(MixMode.Replace, "0.3", 50, 30, 20, true)]
    [InlineData(MixMode.Add, "0.3", 70, 30, 20, true)]
    [InlineData(MixMode.Add, "0.3", 70, 27, 0, false)]
    [InlineData(MixMode.Absolute, "0", 50, 50, 0, true)]
    [InlineData(MixMode.PureBadMixed, "0", 50, 50, 0, true)]
    public void RealizedShare_MoreThanOneRowAway_IsRefused(MixMode mode, string ratio, int benign, int harmful, int guide, bool isRight)
    {
        var plan = new CountPlan(benign, harmful, guide);

        Assert.Equal(!isRight, Record.Exception(() => SafeTuneBed.Data.RealizedShare.Check(mode, Parse(ratio), plan)) is ConfigurationException);
    }

    private static decimal Parse(string number) => decimal.Parse(number, System.Globalization.CultureInfo.InvariantCulture);
}
