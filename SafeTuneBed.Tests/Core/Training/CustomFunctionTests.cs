using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>Our own backward passes against torch's, on the same formula written plainly.</summary>
[Collection(TorchCollection.Name)]
public sealed class CustomFunctionTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void LoraLinear_WithAndWithoutDropoutAndBias_HasTorchsGradients(bool dropout, bool hasBias)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        Tensor Random(params long[] shape) => randn(shape, ScalarType.Float64, generator: generator);
        Tensor weight = Random(5, 7), a = Random(2, 7), b = Random(5, 2), x = Random(3, 4, 7), upstream = Random(3, 4, 5);
        Tensor? bias = hasBias ? Random(5) : null, mask = dropout ? empty([12, 7], ScalarType.Float64).bernoulli_(0.7, generator).div_(0.7) : null;

        Tensor[] own = Gradients(x, a, b, (input, low, high) => LoraLinearFunction.apply(
            input, new Frozen(weight), bias is null ? null! : new Frozen(bias), low, high, mask is null ? null! : new Frozen(mask), 0.5));
        Tensor[] plain = Gradients(x, a, b, (input, low, high) =>
            F.linear(input, weight, bias!) + (0.5 * (mask is null ? input : input * mask.view(3, 4, 7)).matmul(low.t()).matmul(high.t())));

        for (int i = 0; i < own.Length; i++)
        {
            Assert.Equal(0, own[i].sub(plain[i]).abs().max().item<double>(), 1e-12);
        }

        Tensor[] Gradients(Tensor input, Tensor low, Tensor high, Func<Tensor, Tensor, Tensor, Tensor> forward)
        {
            Tensor[] leaves = [.. new[] { input, low, high }.Select(t => t.clone().requires_grad_(true))];
            Tensor y = forward(leaves[0], leaves[1], leaves[2]);
            (y * upstream).sum().backward();
            return [y.detach(), .. leaves.Select(l => l.grad!)];
        }
    }

    [Fact]
    public void ChunkedCrossEntropy_OverSeveralChunks_HasTorchsLossesAndGradient()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5);
        const int count = (2 * ChunkedCrossEntropy.ChunkLength) + 77, vocabulary = 50;
        Tensor head = randn([vocabulary, 8], generator: generator), hidden = randn([count, 8], generator: generator);
        Tensor targets = randint(0, vocabulary, [count], ScalarType.Int64, generator: generator);
        Tensor own = hidden.clone().requires_grad_(true), plain = hidden.clone().requires_grad_(true), losses = zeros(count);

        Tensor sum = ChunkedCrossEntropy.Sum(own, head, targets, losses);
        (sum * 0.25).backward();
        Tensor expected = F.cross_entropy(F.linear(plain, head), targets, reduction: TorchSharp.torch.nn.Reduction.None);
        (expected.sum() * 0.25).backward();

        Assert.Equal(0, losses.sub(expected.detach()).abs().max().item<float>(), 1e-5f);
        Assert.Equal(expected.sum().item<float>(), sum.item<float>(), 1e-2f);
        Assert.Equal(0, own.grad!.sub(plain.grad!).abs().max().item<float>(), 1e-6f);
    }
}
