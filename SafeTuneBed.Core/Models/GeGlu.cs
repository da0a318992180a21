using SafeTuneBed.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>
/// The gated activation gelu(gate) * up (Shazeer 2020) with the tanh form of Hendrycks and Gimpel 2016:
/// gelu(g) = g (1 + t) / 2 with t = tanh(sqrt(2 / pi) (g + 0.044715 g^3)). Half-precision gates are activated in float32 and rounded once.
/// </summary>
internal static class GeGlu
{
    private const double Cubic = 0.044715;

    /// <summary>gate and up, both [..., I], to [..., I].</summary>
    public static Tensor Apply(Tensor gate, Tensor up)
        => is_grad_enabled() && (gate.requires_grad || up.requires_grad) ? GeGluFunction.apply(gate, up) : Forward(gate, up);

    /// <summary>The activation without a graph.</summary>
    public static Tensor Forward(Tensor gate, Tensor up)
    {
        using var scope = NewDisposeScope();
        Tensor wide = RmsNorm.Widen(gate);
        return Gelu(wide, Bend(wide)).to(gate.dtype).mul_(up).MoveToOuterDisposeScope();
    }

    /// <summary>Gradients of gate and up.</summary>
    public static (Tensor Gate, Tensor Up) Backward(Tensor gate, Tensor up, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        Tensor wide = RmsNorm.Widen(gate), bend = Bend(wide);
        Tensor toUp = Gelu(wide, bend).to(gate.dtype).mul_(gradient);

        // gelu'(g) = (1 + t) / 2 + g (1 - t^2) sqrt(2 / pi) (1 + 3 * 0.044715 g^2) / 2
        Tensor inner = wide.mul(wide).mul_(KeptScalar.Of(3 * Cubic)).add_(KeptScalar.One, KeptScalar.One).mul_(KeptScalar.Of(Math.Sqrt(2 / Math.PI))).mul_(wide);
        Tensor slope = bend.mul(bend).neg_().add_(KeptScalar.One, KeptScalar.One).mul_(inner).add_(bend, KeptScalar.One).add_(KeptScalar.One, KeptScalar.One).mul_(KeptScalar.Of(0.5));
        return (slope.to(gate.dtype).mul_(up).mul_(gradient).MoveToOuterDisposeScope(), toUp.MoveToOuterDisposeScope());
    }

    private static Tensor Bend(Tensor x)
        => x.mul(x).mul_(KeptScalar.Of(Cubic)).add_(KeptScalar.One, KeptScalar.One).mul_(x).mul_(KeptScalar.Of(Math.Sqrt(2 / Math.PI))).tanh_();

    private static Tensor Gelu(Tensor x, Tensor bend) => bend.add(KeptScalar.One, KeptScalar.One).mul_(x).mul_(KeptScalar.Of(0.5));
}

/// <summary>The gated activation with a graph: saves its two inputs only.</summary>
internal sealed class GeGluFunction : autograd.SingleTensorFunction<GeGluFunction>
{
    public override string Name => nameof(GeGluFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] args)
    {
        (Tensor gate, Tensor up) = ((Tensor)args[0], (Tensor)args[1]);
        ctx.save_for_backward([gate, up]);
        return GeGlu.Forward(gate, up);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        List<Tensor> saved = ctx.get_saved_variables();
        (Tensor gate, Tensor up) = GeGlu.Backward(saved[0], saved[1], gradient);
        return [gate.MoveToOuterDisposeScope(), up.MoveToOuterDisposeScope()];
    }
}
