using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>The two factors of one adapted linear layer: y = x W^T + s (drop(x) A^T) B^T.</summary>
internal sealed class LoraWeights(Tensor a, Tensor b, double scaling)
{
    /// <summary>[r, in].</summary>
    public Tensor A { get; } = a;

    /// <summary>[out, r].</summary>
    public Tensor B { get; } = b;

    /// <summary>alpha / r.</summary>
    public double Scaling { get; } = scaling;

    /// <summary>The mask source of a training forward; null outside training. Given x's [rows, in] shape it returns the mask times 1 / (1 - p).</summary>
    public Func<Tensor, Tensor>? DropoutMask { get; set; }

    public Tensor Forward(Tensor x, Tensor weight, Tensor? bias) => throw new InvalidOperationException("Adapters are attached by the training code, which is being written.");
}
