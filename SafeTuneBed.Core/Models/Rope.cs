using SafeTuneBed.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>
/// Turns pairs of coordinates by position (Su et al. 2021) in the halves layout of Hugging Face weights: coordinate i is paired with i + r/2.
/// Only the first r coordinates of a head are turned; r is d in most models.
/// </summary>
internal static class Rope
{
    /// <summary>x [B, T, heads, d]; cos and sin [T, 1, r/2] or [B, T, 1, r/2], in x's type.</summary>
    public static Tensor Apply(Tensor x, Tensor cos, Tensor sin)
        => is_grad_enabled() && x.requires_grad ? RopeFunction.apply(x, new Frozen(cos), new Frozen(sin)) : Turn(x, cos, sin, inverse: false);

    /// <summary>The rotation without a graph, forwards or backwards.</summary>
    public static Tensor Turn(Tensor x, Tensor cos, Tensor sin, bool inverse)
    {
        using var scope = NewDisposeScope();
        long half = cos.size(-1), rest = x.size(-1) - (2 * half);
        Scalar sign = KeptScalar.Of(inverse ? 1L : -1L), opposite = KeptScalar.Of(inverse ? -1L : 1L);
        Tensor first = x.narrow(-1, 0, half), second = x.narrow(-1, half, half);
        Tensor result = empty(x.shape, x.dtype, x.device);
        result.narrow(-1, 0, half).copy_(first).mul_(cos).addcmul_(second, sin, sign);
        result.narrow(-1, half, half).copy_(second).mul_(cos).addcmul_(first, sin, opposite);
        if (rest > 0)
        {
            result.narrow(-1, 2 * half, rest).copy_(x.narrow(-1, 2 * half, rest));
        }

        return result.MoveToOuterDisposeScope();
    }
}

/// <summary>The rotation with a graph; its transpose turns back, so backward does that and nothing but the angles is kept.</summary>
internal sealed class RopeFunction : autograd.SingleTensorFunction<RopeFunction>
{
    public override string Name => nameof(RopeFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] args)
    {
        (Tensor cos, Tensor sin) = (((Frozen)args[1]).Value, ((Frozen)args[2]).Value);
        ctx.save_for_backward([cos, sin]);   // the graph's own hold: the caller's handles are gone before backward runs
        return Rope.Turn((Tensor)args[0], cos, sin, inverse: false);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        List<Tensor> saved = ctx.get_saved_variables();
        return [Rope.Turn(gradient, saved[0], saved[1], inverse: true).MoveToOuterDisposeScope(), null!, null!];
    }
}
