using SafeTuneBed.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Attention whose scores are bent softly to a largest size (Gemma 2): softmax(c tanh(q k / (c sqrt(d)))) v. No fused kernel does this.</summary>
internal static class CappedAttention
{
    /// <summary>q [B, H, T, d], k and v [B, H, S, d] to [B, H, T, d].</summary>
    /// <param name="q">Queries.</param>
    /// <param name="k">Keys.</param>
    /// <param name="v">Values.</param>
    /// <param name="mask">True where a query may see a key, or a number added to the bent scores; broadcasts to [B, H, T, S]. Null: all see all.</param>
    /// <param name="cap">c.</param>
    public static Tensor Apply(Tensor q, Tensor k, Tensor v, Tensor? mask, double cap)
    {
        using var scope = NewDisposeScope();
        Tensor scores = q.matmul(k.transpose(-2, -1)).mul(KeptScalar.Of(1 / (cap * Math.Sqrt(q.size(-1))))).tanh().mul(KeptScalar.Of(cap));
        if (mask is not null)
        {
            scores = mask.dtype == ScalarType.Bool
                ? scores.masked_fill(mask.logical_not(), KeptScalar.Of(double.NegativeInfinity))
                : scores.add(mask, KeptScalar.One);
        }

        return RmsNorm.Widen(scores).softmax(-1).to(v.dtype).matmul(v).MoveToOuterDisposeScope();
    }
}
