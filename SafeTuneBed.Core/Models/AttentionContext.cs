using SafeTuneBed.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>What all layers of one forward pass share: the angles of the positions, who may see whom, and the cache in generation.</summary>
/// <param name="Options">The decoder.</param>
/// <param name="Angles">Angles of the positions.</param>
/// <param name="Masks">Who may see whom. In decoding <see cref="AttentionMasks.Full"/> is added to the scores, [B, 1, 1, S], and windows are cut out of it.</param>
/// <param name="Cache">The cache that keys and values go to, or null.</param>
internal sealed record AttentionContext(DecoderOptions Options, RotaryAngles Angles, AttentionMasks Masks, KeyValueCache? Cache)
{
    /// <summary>Attention of rotated q [B, T, H, d] over k and v [B, T, KV, d] (and what is cached) to [B, T, H * d].</summary>
    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v)
    {
        using var scope = NewDisposeScope();
        Tensor q_BHTd = q.transpose(1, 2), k_BKTd = k.transpose(1, 2), v_BKTd = v.transpose(1, 2);
        if (Options.QueryScale is { } scale)
        {
            q_BHTd = q_BHTd.mul(KeptScalar.Of(scale * Math.Sqrt(Options.HeadSize)));   // the kernels divide by sqrt(d) themselves
        }

        bool decoding = Cache is { Length: > 0 };
        if (Cache is not null)
        {
            Cache.Append(layer, k_BKTd, v_BKTd);
        }

        int? window = Options.WindowOf(layer);
        return (decoding ? Decode(layer, q_BHTd, window) : Full(q_BHTd, k_BKTd, v_BKTd, window)).MoveToOuterDisposeScope();
    }

    private Tensor Full(Tensor q, Tensor k, Tensor v, int? window)
    {
        long group = q.size(1) / k.size(1);
        Tensor? mask = window is null ? Masks.Full : Masks.Window ?? Masks.Full;
        return Mix(q, Repeat(k, group), Repeat(v, group), mask, causal: mask is null).transpose(1, 2).reshape(q.size(0), q.size(2), -1);
    }

    // One new position: query heads that share a key head become its query rows, so that keys are read once and never repeated.
    private Tensor Decode(int layer, Tensor q, int? window)
    {
        (Tensor keys, Tensor values) = Cache!.Read(layer, Cache.Length + 1);
        Tensor? mask = Masks.Full;
        (long rows, long heads, long size, long length) = (q.size(0), keys.size(1), q.size(3), keys.size(2));
        if (window < length)
        {
            (long start, long count) = (length - window.Value, window.Value);
            (keys, values, mask) = (keys.narrow(2, start, count), values.narrow(2, start, count), mask?.narrow(-1, start, count));
        }

        Tensor grouped = q.reshape(rows, heads, q.size(1) / heads, size);
        return Mix(grouped, keys, values, mask, causal: false).reshape(rows, 1, q.size(1) * size);
    }

    private Tensor Mix(Tensor q, Tensor k, Tensor v, Tensor? mask, bool causal)
        => Options.AttentionCap is { } cap ? CappedAttention.Apply(q, k, v, mask, cap) : nn.functional.scaled_dot_product_attention(q, k, v, mask!, 0, causal);

    private static Tensor Repeat(Tensor x_BKTd, long group)
    {
        if (group == 1)
        {
            return x_BKTd;
        }

        long[] s = x_BKTd.shape;
        return x_BKTd.unsqueeze(2).expand(s[0], s[1], group, s[2], s[3]).reshape(s[0], s[1] * group, s[2], s[3]);
    }
}
