using SafeTuneBed.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>
/// Root mean square norm (Zhang and Sennrich 2019): y = x / sqrt(mean(x^2) + eps) * w over the last dimension. Half-precision input is
/// normalized in float32; <see cref="NormWeighting"/> says how it is weighted and rounded.
/// </summary>
internal static class RmsNorm
{
    /// <summary>x [..., D] and weight [D] to [..., D], in x's type.</summary>
    public static Tensor Apply(Tensor x, Tensor weight, double epsilon, NormWeighting weighting = NormWeighting.AfterRounding)
    {
        if (weight.dtype != x.dtype)
        {
            using Tensor narrow = weight.to(x.dtype); // in training it is wider than the arithmetic
            return Apply(x, narrow, epsilon, weighting);
        }

        if (!is_grad_enabled() || !(x.requires_grad || weight.requires_grad))
        {
            return Forward(x, weight, epsilon, weighting, out _);
        }

        return weight.requires_grad ? Differentiable(x, weight, epsilon, weighting) : RmsNormFunction.apply(x, new Frozen(weight), epsilon, weighting);
    }

    /// <summary>The norm without a graph, and the factor 1 / rms [..., 1] of each row in the type of the arithmetic.</summary>
    public static Tensor Forward(Tensor x, Tensor weight, double epsilon, NormWeighting weighting, out Tensor factor)
    {
        using var scope = NewDisposeScope();
        Tensor wide = Widen(x);
        factor = wide.mul(wide).mean([-1L], true).add_(KeptScalar.Of(epsilon), KeptScalar.One).rsqrt_().MoveToOuterDisposeScope();
        Tensor normalized = wide.mul(factor);
        return (weighting == NormWeighting.AfterRounding ? normalized.to(x.dtype).mul_(weight) : normalized.mul_(Wide(weight, weighting)).to(x.dtype)).MoveToOuterDisposeScope();
    }

    /// <summary>What multiplies where weighting comes before rounding: w or 1 + w, in float32 where it is of lower precision.</summary>
    public static Tensor Wide(Tensor weight, NormWeighting weighting)
        => weighting == NormWeighting.OnePlus ? Widen(weight).add(KeptScalar.One, KeptScalar.One) : Widen(weight);

    /// <summary>x in float32 where it is of lower precision, else x itself (a new handle on the same numbers: not to be written to).</summary>
    public static Tensor Widen(Tensor x) => x.dtype is ScalarType.BFloat16 or ScalarType.Float16 ? x.to(ScalarType.Float32) : x.alias();

    private static Tensor Differentiable(Tensor x, Tensor weight, double epsilon, NormWeighting weighting)
    {
        using var scope = NewDisposeScope();
        Tensor wide = Widen(x);
        Tensor normalized = wide.mul(wide.mul(wide).mean([-1L], true).add(KeptScalar.Of(epsilon), KeptScalar.One).rsqrt());
        return (weighting == NormWeighting.AfterRounding ? normalized.to(x.dtype).mul(weight) : normalized.mul(Wide(weight, weighting)).to(x.dtype)).MoveToOuterDisposeScope();
    }
}

/// <summary>The norm with a frozen weight: saves x and one number a row, and needs three passes where autograd makes eight nodes.</summary>
internal sealed class RmsNormFunction : autograd.SingleTensorFunction<RmsNormFunction>
{
    public override string Name => nameof(RmsNormFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] args)
    {
        (Tensor x, var weight) = ((Tensor)args[0], (Frozen)args[1]);
        var weighting = (NormWeighting)args[3];
        Tensor y = RmsNorm.Forward(x, weight.Value, (double)args[2], weighting, out Tensor factor);
        ctx.save_for_backward([x, factor]);
        ctx.save_data("weight", weight);
        ctx.save_data("weighting", weighting);
        return y;
    }

    // With n = x r and g the gradient of y times w: dx = r (g - n mean(g n)).
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        List<Tensor> saved = ctx.get_saved_variables();
        Tensor x = RmsNorm.Widen(saved[0]), factor = saved[1];
        Tensor weight = ((Frozen)ctx.get_data("weight")).Value;
        var weighting = (NormWeighting)ctx.get_data("weighting");
        Tensor weighted = weighting == NormWeighting.AfterRounding ? RmsNorm.Widen(gradient.mul(weight)) : RmsNorm.Widen(gradient).mul(RmsNorm.Wide(weight, weighting));
        Tensor share = weighted.mul(x).mean([-1L], true).mul_(factor).mul_(factor).mul_(factor).neg_();
        Tensor result = weighted.mul(factor).addcmul_(x, share, KeptScalar.One).to(saved[0].dtype);
        return [result.MoveToOuterDisposeScope(), null!, null!, null!];
    }
}
