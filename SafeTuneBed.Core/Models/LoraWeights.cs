using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace SafeTuneBed.Models;

/// <summary>The two factors of one adapted linear layer: y = x W^T + b + s (drop(x) A^T) B^T (Hu et al. 2021, equation 3).</summary>
internal sealed class LoraWeights(Tensor a, Tensor b, double scaling)
{
    /// <summary>[r, in], f32.</summary>
    public Tensor A { get; } = a;

    /// <summary>[out, r], f32.</summary>
    public Tensor B { get; } = b;

    /// <summary>alpha / r, or alpha / sqrt(r).</summary>
    public double Scaling { get; } = scaling;

    /// <summary>Draws the mask of a training pass: [rows, in] of 0 and 1 / (1 - p). Null without dropout.</summary>
    public Func<long[], Tensor>? DropoutMask { get; set; }

    /// <summary>x [..., in] to [..., out].</summary>
    public Tensor Forward(Tensor x, Tensor weight, Tensor? bias)
    {
        if (is_grad_enabled() && (A.requires_grad || B.requires_grad || x.requires_grad || DropoutMask is not null))
        {
            using Tensor? mask = DropoutMask?.Invoke([x.numel() / x.shape[^1], x.shape[^1]]);
            return LoraLinearFunction.apply(x, new Frozen(weight), bias is null ? null! : new Frozen(bias), A, B, mask is null ? null! : new Frozen(mask), Scaling);
        }

        using var scope = NewDisposeScope();
        Tensor x_NI = x.reshape(-1, x.shape[^1]);
        Tensor low_NR = x_NI.to(A.dtype).mm(A.t());
        Tensor y_NO = FewRows.Linear(x_NI, weight, bias);
        y_NO = y_NO.dtype == A.dtype
            ? y_NO.addmm_(low_NR, B.t(), 1f, (float)Scaling)
            : y_NO.to(A.dtype).addmm_(low_NR, B.t(), 1f, (float)Scaling).to(x.dtype);
        return y_NO.view([.. x.shape[..^1], weight.shape[0]]).MoveToOuterDisposeScope();
    }
}
