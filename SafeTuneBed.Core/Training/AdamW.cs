using SafeTuneBed.Diagnostics;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) over one flat buffer, with PyTorch's order of operations: decay w by 1 - lr * wd, then
/// w -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps). t counts a parameter's own steps; frozen parameters are passed over, decay included.
/// </summary>
internal sealed class AdamW(FlatParameters parameters, double beta1, double beta2, double epsilon, double weightDecay) : IDisposable
{
    /// <summary>First moments, [n].</summary>
    public Tensor First { get; } = zeros_like(parameters.Values).DetachFromDisposeScope();

    /// <summary>Second moments, [n].</summary>
    public Tensor Second { get; } = zeros_like(parameters.Values).DetachFromDisposeScope();

    public void Step(double learningRate)
    {
        using var noGrad = no_grad();
        parameters.CountStep();
        foreach (FlatRange range in parameters.ActiveRanges())
        {
            using var scope = NewDisposeScope();
            Tensor values = Part(parameters.Values), gradients = Part(parameters.Gradients), first = Part(First), second = Part(Second);
            first.mul_(KeptScalar.Of(beta1)).add_(gradients, alpha: KeptScalar.Of(1 - beta1));
            second.mul_(KeptScalar.Of(beta2)).addcmul_(gradients, gradients, value: KeptScalar.Of(1 - beta2));
            Tensor denominator = second.sqrt().div_(KeptScalar.Of(Math.Sqrt(1 - Math.Pow(beta2, range.Steps)))).add_(KeptScalar.Of(epsilon), KeptScalar.One);
            if (weightDecay != 0)
            {
                values.mul_(KeptScalar.Of(1 - (learningRate * weightDecay)));
            }

            values.addcdiv_(first, denominator, value: KeptScalar.Of(-learningRate / (1 - Math.Pow(beta1, range.Steps))));

            Tensor Part(Tensor flat) => flat.narrow(0, range.Offset, range.Length);
        }
    }

    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
    }
}
