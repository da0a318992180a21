using SafeTuneBed.Diagnostics;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Bends logits softly to a largest size c (Gemma 2): c tanh(x / c).</summary>
internal static class SoftCap
{
    /// <summary>The bent logits, with a graph where one is asked for; <paramref name="logits"/> is left as it is.</summary>
    public static Tensor Apply(Tensor logits, double cap)
    {
        using var scope = NewDisposeScope();
        return logits.mul(KeptScalar.Of(1 / cap)).tanh().mul(KeptScalar.Of(cap)).MoveToOuterDisposeScope();
    }

    /// <summary>The slope at logits that are bent already: 1 - (y / c)^2.</summary>
    public static Tensor Slope(Tensor bent, double cap)
    {
        using var scope = NewDisposeScope();
        Tensor share = bent.mul(KeptScalar.Of(1 / cap));
        return share.mul_(share).neg_().add_(KeptScalar.One, KeptScalar.One).MoveToOuterDisposeScope();
    }
}
