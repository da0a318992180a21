using SafeTuneBed.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>What all layers of one forward pass share: the angles of the positions, who may see whom, and what is remembered in generation.</summary>
/// <param name="Options">The decoder.</param>
/// <param name="Angles">Angles of the positions.</param>
/// <param name="Masks">Who may see whom. Without a mask: plain causal order, or for a single token behind a memory every position.</param>
/// <param name="Memory">Where keys and values go to and come from in generation and scoring; null: the tokens of this pass see each other alone.</param>
internal sealed record AttentionContext(DecoderOptions Options, RotaryAngles Angles, AttentionMasks Masks, IKeyValueMemory? Memory)
{
    /// <summary>What the pass does at some places; null for nothing.</summary>
    public SiteTaps? Taps { get; init; }

    /// <summary>Lengths of rows that stand one after the other in a single line, each seeing itself alone; null where every row has a line of its own.</summary>
    public IReadOnlyList<int>? Rows { get; init; }

    /// <summary>The tensors, in an order that <see cref="With"/> knows.</summary>
    public IReadOnlyList<Tensor> Tensors => [.. new[] { Angles.Cos, Angles.Sin, Angles.Local?.Cos, Angles.Local?.Sin, Masks.Full, Masks.Window }.OfType<Tensor>()];

    /// <summary>The same with other handles on its tensors, and without taps.</summary>
    public AttentionContext With(IReadOnlyList<Tensor> tensors)
    {
        int next = 0;
        var angles = new RotaryAngles(tensors[next++], tensors[next++]);
        angles = Angles.Local is null ? angles : angles with { Local = new RotaryAngles(tensors[next++], tensors[next++]) };
        Tensor? full = Masks.Full is null ? null : tensors[next++], window = Masks.Window is null ? null : tensors[next++];
        return this with { Angles = angles, Masks = new AttentionMasks(full, window), Taps = null };
    }

    /// <summary>Attention of rotated q [B, T, H, d] over k and v [B, T, KV, d] (and what is remembered) to [B, T, H * d].</summary>
    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v)
    {
        using var scope = NewDisposeScope();
        Tensor q_BHTd = q.transpose(1, 2), k_BKSd = k.transpose(1, 2), v_BKSd = v.transpose(1, 2);
        if (Options.QueryScale is { } scale)
        {
            q_BHTd = q_BHTd.mul(KeptScalar.Of(scale * Math.Sqrt(Options.HeadSize)));   // the kernels divide by sqrt(d) themselves
        }

        Tensor? mask = Options.WindowOf(layer) is null ? Masks.Full : Masks.Window ?? Masks.Full;
        if (Rows is not null)
        {
            return Packed(layer, q_BHTd, k_BKSd, v_BKSd, mask).MoveToOuterDisposeScope();
        }

        if (Memory is null)
        {
            return Full(q_BHTd, k_BKSd, v_BKSd, mask).MoveToOuterDisposeScope();
        }

        (k_BKSd, v_BKSd) = Memory.Extend(layer, k_BKSd, v_BKSd);
        return (q_BHTd.size(2) == 1 ? Single(q_BHTd, k_BKSd, v_BKSd, mask) : Full(q_BHTd, k_BKSd, v_BKSd, mask)).MoveToOuterDisposeScope();
    }

    // Row by row: nothing is computed between rows, and no mask is needed where causal order is enough.
    private Tensor Packed(int layer, Tensor q, Tensor k, Tensor v, Tensor? mask)
    {
        long[] lengths = [.. Rows!.Select(r => (long)r)];
        Tensor[] qs = q.split(lengths, 2), ks = k.split(lengths, 2), vs = v.split(lengths, 2);
        var parts = new List<Tensor>(lengths.Length);
        for (int r = 0; r < lengths.Length; r++)
        {
            bool isCut = mask is not null && (Options.AttentionCap is not null || Options.WindowOf(layer) < lengths[r]);
            parts.Add(Full(qs[r], ks[r], vs[r], isCut ? mask!.narrow(2, 0, lengths[r]).narrow(3, 0, lengths[r]) : null));
        }

        return cat(parts, 1);
    }

    private Tensor Full(Tensor q, Tensor k, Tensor v, Tensor? mask)
    {
        long group = q.size(1) / k.size(1);
        return Mix(q, Repeat(k, group), Repeat(v, group), mask, causal: mask is null).transpose(1, 2).reshape(q.size(0), q.size(2), -1);
    }

    // One new position: query heads that share a key head become its query rows, so that keys are read once and never repeated.
    private Tensor Single(Tensor q, Tensor keys, Tensor values, Tensor? mask)
    {
        (long rows, long heads, long size) = (q.size(0), keys.size(1), q.size(3));
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
