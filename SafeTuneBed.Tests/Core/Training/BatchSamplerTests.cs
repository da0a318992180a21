using SafeTuneBed.Training;

namespace SafeTuneBed.Tests.Core.Training;

public sealed class BatchSamplerTests
{
    private static readonly int[] Lengths = [.. Enumerable.Range(0, 103).Select(i => 5 + ((i * 37) % 50))];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Next_OneEpoch_VisitsEveryRowOnceAndKeepsTheShortBatch(bool grouped)
    {
        var sampler = new BatchSampler(Lengths, 10, grouped, new SeedTree(3));
        List<int[]> epoch = [.. Enumerable.Range(0, 11).Select(_ => sampler.Next())];
        Assert.Equal(Enumerable.Range(0, 103), epoch.SelectMany(b => b).Order());
        Assert.Equal(10, epoch.Count(b => b.Length == 10));
        Assert.Equal(1, epoch.Count(b => b.Length == 3));
        Assert.Equal(0, sampler.Epoch);
        sampler.Next();
        Assert.Equal(1, sampler.Epoch);
    }

    [Fact]
    public void Next_SecondEpoch_HasAnotherOrder()
    {
        var sampler = new BatchSampler(Lengths, 103, false, new SeedTree(3));
        Assert.NotEqual(sampler.Next(), sampler.Next());
    }

    [Fact]
    public void Next_Grouped_PadsLessThanUngrouped()
    {
        static int Padding(bool grouped)
        {
            var sampler = new BatchSampler(Lengths, 10, grouped, new SeedTree(3));
            return Enumerable.Range(0, 11).Select(_ => sampler.Next()).Sum(b => b.Sum(r => b.Max(o => Lengths[o]) - Lengths[r]));
        }

        Assert.True(Padding(true) * 4 < Padding(false));
    }

    [Fact]
    public void Next_Grouped_HasNoTrendFromLongToShort()
    {
        int[] lengths = [.. Enumerable.Range(1, 500)];
        var sampler = new BatchSampler(lengths, 10, true, new SeedTree(1));
        double[] means = [.. Enumerable.Range(0, 50).Select(_ => sampler.Next().Average(r => lengths[r]))];
        int falls = means.Zip(means.Skip(1)).Count(p => p.First > p.Second);
        Assert.InRange(falls, 12, 37);
    }
}
