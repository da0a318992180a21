using SafeTuneBed.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>The gated activation silu(gate) * up (Shazeer 2020).</summary>
internal static class SwiGlu
{
    /// <summary>gate and up, both [..., I], to [..., I].</summary>
    public static Tensor Apply(Tensor gate, Tensor up)
    {
        if (is_grad_enabled() && (gate.requires_grad || up.requires_grad))
        {
            return SwiGluFunction.apply(gate, up);
        }

        return nn.functional.silu(gate).mul_(up);
    }
}

/// <summary>The gated activation with a graph: saves its two inputs only and computes the sigmoid again in backward.</summary>
internal sealed class SwiGluFunction : autograd.SingleTensorFunction<SwiGluFunction>
{
    public override string Name => nameof(SwiGluFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] args)
    {
        (Tensor gate, Tensor up) = ((Tensor)args[0], (Tensor)args[1]);
        ctx.save_for_backward([gate, up]);
        return nn.functional.silu(gate).mul_(up);
    }

    // silu'(g) = s + g s (1 - s) with s = sigmoid(g)
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        List<Tensor> saved = ctx.get_saved_variables();
        Tensor sigmoid = saved[0].sigmoid(), silu = saved[0].mul(sigmoid);
        Tensor toUp = silu.mul(gradient);
        Tensor slope = sigmoid.neg().add_(KeptScalar.One, KeptScalar.One).mul_(silu).add_(sigmoid, KeptScalar.One);
        return [slope.mul_(saved[1]).mul_(gradient).MoveToOuterDisposeScope(), toUp.MoveToOuterDisposeScope()];
    }
}
