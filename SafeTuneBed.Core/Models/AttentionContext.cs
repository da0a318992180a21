using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>What all layers of one forward pass share: the angles of the positions, who may see whom, and the cache in generation.</summary>
/// <param name="Cos">Cosines, [T, 1, d/2] or [B, T, 1, d/2].</param>
/// <param name="Sin">Sines, likewise.</param>
/// <param name="Mask">
/// Who may see whom, [B or 1, 1, T, S]: true where a query may see a key, or a number added to the score. Null: plain causal order, or for a single
/// token behind a memory every position.
/// </param>
/// <param name="Memory">Where keys and values go to and come from in generation and scoring; null: the tokens of this pass see each other alone.</param>
internal sealed record AttentionContext(Tensor Cos, Tensor Sin, Tensor? Mask, IKeyValueMemory? Memory)
{
    /// <summary>Attention of rotated q [B, T, H, d] over k and v [B, T, KV, d] (and what is remembered) to [B, T, H * d].</summary>
    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v)
    {
        using var scope = NewDisposeScope();
        Tensor q_BHTd = q.transpose(1, 2), k_BKSd = k.transpose(1, 2), v_BKSd = v.transpose(1, 2);
        if (Memory is null)
        {
            return Full(q_BHTd, k_BKSd, v_BKSd).MoveToOuterDisposeScope();
        }

        (k_BKSd, v_BKSd) = Memory.Extend(layer, k_BKSd, v_BKSd);
        return (q_BHTd.size(2) == 1 ? Single(q_BHTd, k_BKSd, v_BKSd) : Full(q_BHTd, k_BKSd, v_BKSd)).MoveToOuterDisposeScope();
    }

    private Tensor Full(Tensor q, Tensor k, Tensor v)
    {
        long group = q.size(1) / k.size(1);
        Tensor y_BHTd = nn.functional.scaled_dot_product_attention(q, Repeat(k, group), Repeat(v, group), Mask!, 0, Mask is null);
        return y_BHTd.transpose(1, 2).reshape(q.size(0), q.size(2), -1);
    }

    // One new position: query heads that share a key head become its query rows, so that keys are read once and never repeated.
    private Tensor Single(Tensor q, Tensor keys, Tensor values)
    {
        (long rows, long heads, long size) = (q.size(0), keys.size(1), q.size(3));
        Tensor grouped = q.reshape(rows, heads, q.size(1) / heads, size);
        return nn.functional.scaled_dot_product_attention(grouped, keys, values, Mask!).reshape(rows, 1, q.size(1) * size);
    }

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
