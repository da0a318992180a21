using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;

namespace SafeTuneBed.Tests.Core.Training;

[Collection(TorchCollection.Name)]
public sealed class DropoutStreamTests
{
    private static readonly long[] Shape = [1000, 400];

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void Draw_AnyRate_HoldsZerosInThatShareAndTheInverseOfTheRestElsewhere(double rate)
    {
        float[] mask = Draw(rate, 3, 0); // 400,000 numbers: the share's standard deviation is at most .0008
        float kept = (float)(1 / (1 - rate));
        Assert.All(mask.Distinct(), v => Assert.True(v == 0 || Math.Abs(v - kept) < 1e-6f, $"{v}"));
        Assert.Equal(rate, mask.Count(v => v == 0) / (double)mask.Length, 0.005);
    }

    [Fact]
    public void Draw_SameSeedAndPass_RepeatsWhateverWasDrawnBefore()
    {
        float[] first = Draw(0.1, 3, 7);
        using var stream = new DropoutStream(0.1, new SeedTree(3), torch.CPU);
        stream.BeginPass(2);
        stream.Draw(Shape).Dispose();
        stream.BeginPass(7);
        using torch.Tensor mask = stream.Draw(Shape);
        Assert.Equal(first, mask.data<float>().ToArray());
    }

    [Fact]
    public void Draw_AnotherPassOrSeed_IsIndependent()
    {
        float[] mask = Draw(0.5, 3, 0);
        foreach (float[] other in new[] { Draw(0.5, 3, 1), Draw(0.5, 4, 0) })
        {
            Assert.Equal(0.25, mask.Zip(other).Count(p => p.First == 0 && p.Second == 0) / (double)mask.Length, 0.005);
        }
    }

    private static float[] Draw(double rate, ulong seed, long pass)
    {
        using var stream = new DropoutStream(rate, new SeedTree(seed), torch.CPU);
        stream.BeginPass(pass);
        using torch.Tensor mask = stream.Draw(Shape);
        return mask.data<float>().ToArray();
    }
}
