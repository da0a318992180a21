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
        Tensor own = hidden.clone().requires_grad_(true), plain = hidden.clone().requires_grad_(true), weights = randn(count, generator: generator);

        Tensor losses = ChunkedCrossEntropy.Losses(own, head, targets);
        (losses * weights).sum().backward();
        Tensor expected = F.cross_entropy(F.linear(plain, head), targets, reduction: TorchSharp.torch.nn.Reduction.None);
        (expected * weights).sum().backward();

        Assert.Equal(0, losses.sub(expected).abs().max().item<float>(), 1e-5f);
        Assert.Equal(0, own.grad!.sub(plain.grad!).abs().max().item<float>(), 1e-5f);
        Assert.True(plain.grad!.abs().max().item<float>() > 0.1f);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1.5)]
    public void ChunkedDivergence_OverSeveralChunks_HasTorchsValuesAndGradient(double? cap)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(6);
        const int count = ChunkedCrossEntropy.ChunkLength + 77;
        Tensor Random(params long[] shape) => randn(shape, generator: generator);
        Tensor head = Random(50, 8), other = Random(50, 8), reference = Random(count, 8), hidden = Random(count, 8), weights = Random(count);
        Tensor own = hidden.clone().requires_grad_(true), plain = hidden.clone().requires_grad_(true);
        Tensor Logs(Tensor x, Tensor w) => (cap is { } c ? (F.linear(x, w) / c).tanh() * c : F.linear(x, w)).log_softmax(-1);

        Tensor divergence = ChunkedDivergence.FromReference(own, head, reference, other, cap);
        (divergence * weights).sum().backward();
        Tensor theirs = Logs(reference, other), expected = (theirs.exp() * (theirs - Logs(plain, head))).sum(-1);
        (expected * weights).sum().backward();

        Assert.Equal(0, divergence.sub(expected).abs().max().item<float>(), 1e-4f);
        Assert.Equal(0, own.grad!.sub(plain.grad!).abs().max().item<float>(), 1e-5f);
        Tensor same = ChunkedDivergence.FromReference(own, head, hidden, head, cap);
        own.grad!.zero_();
        same.sum().backward();
        Assert.Equal(0, same.abs().max().item<float>());
        Assert.Equal(0, own.grad!.abs().max().item<float>());
    }
}
