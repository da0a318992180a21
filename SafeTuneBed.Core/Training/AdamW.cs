using SafeTuneBed.Diagnostics;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) over one flat buffer, with PyTorch's order of operations: decay w by 1 - lr * wd, then
/// w -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps).
/// </summary>
internal sealed class AdamW(FlatParameters parameters, double beta1, double beta2, double epsilon, double weightDecay) : IDisposable
{
    private readonly Tensor first = zeros_like(parameters.Values).DetachFromDisposeScope();
    private readonly Tensor second = zeros_like(parameters.Values).DetachFromDisposeScope();

    /// <summary>Steps made.</summary>
    public long Steps { get; private set; }

    public void Step(double learningRate)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Steps++;
        first.mul_(KeptScalar.Of(beta1)).add_(parameters.Gradients, alpha: KeptScalar.Of(1 - beta1));
        second.mul_(KeptScalar.Of(beta2)).addcmul_(parameters.Gradients, parameters.Gradients, value: KeptScalar.Of(1 - beta2));
        Tensor denominator = second.sqrt().div_(KeptScalar.Of(Math.Sqrt(1 - Math.Pow(beta2, Steps)))).add_(KeptScalar.Of(epsilon));
        if (weightDecay != 0)
        {
            parameters.Values.mul_(KeptScalar.Of(1 - (learningRate * weightDecay)));
        }

        parameters.Values.addcdiv_(first, denominator, value: KeptScalar.Of(-learningRate / (1 - Math.Pow(beta1, Steps))));
    }

    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
    }
}
