using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

[Collection(TorchCollection.Name)]
public sealed class FewRowsTests
{
    [Theory]
    [InlineData(1, 7, 5)]
    [InlineData(1, 48, 20)]
    [InlineData(3, 6, 9)]
    [InlineData(4, 64, 33)]
    [InlineData(5, 64, 33)]
    [InlineData(32, 48, 20)]
    [InlineData(64, 48, 20)]
    [InlineData(65, 48, 20)]
    public void Linear_OfAnyFewRows_IsTheProductWrittenOut(long rows, long outputs, long columns)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor weight = randn([outputs, columns], generator: new Generator(11)), bias = randn([outputs], generator: new Generator(12));
        Tensor x = randn([rows, 1, columns], generator: new Generator(13));
        Tensor y = FewRows.Linear(x, weight, bias), plain = FewRows.Linear(x, weight, null);
        Assert.Equal([rows, 1, outputs], y.shape);
        Assert.True(y.is_contiguous() && plain.is_contiguous());
        float[] w = weight.data<float>().ToArray(), b = bias.data<float>().ToArray(), v = x.data<float>().ToArray();
        float[] withBias = y.data<float>().ToArray(), without = plain.data<float>().ToArray();
        for (int r = 0; r < rows; r++)
        {
            for (int o = 0; o < outputs; o++)
            {
                double sum = Enumerable.Range(0, (int)columns).Sum(c => (double)w[(o * columns) + c] * v[(r * columns) + c]);
                Assert.Equal(sum, without[(r * outputs) + o], 5e-5);
                Assert.Equal(sum + b[o], withBias[(r * outputs) + o], 5e-5);
            }
        }
    }

    [Fact]
    public void Linear_OfOneRow_LeavesNoTensorBehind()
    {
        using var noGrad = no_grad();
        using Tensor weight = randn([8, 4]), bias = randn([8]), x = randn([1, 4]);
        long before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using (FewRows.Linear(x, weight, bias))
        {
        }

        Assert.Equal(before, TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
