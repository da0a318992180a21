using SafeTuneBed.Diagnostics;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Who may see whom in a pass over whole rows: one mask for layers that see everything before, one for those that see a window.</summary>
/// <param name="Full">True where a query may see a key, [B or 1, 1, T, T]. Null: plain causal order.</param>
/// <param name="Window">The same for layers with a sliding window. Null: <paramref name="Full"/> serves them too.</param>
internal readonly record struct AttentionMasks(Tensor? Full, Tensor? Window)
{
    /// <summary>Masks of rows of one length.</summary>
    /// <param name="options">The decoder.</param>
    /// <param name="length">T.</param>
    /// <param name="visible_BT">True at real tokens; null when no row is padded, or only behind its end.</param>
    /// <param name="device">Where the masks are needed.</param>
    public static AttentionMasks Of(DecoderOptions options, long length, Tensor? visible_BT, Device device)
    {
        bool slides = options.SlidingWindow < length;
        bool needed = visible_BT is not null || options.AttentionCap is not null;   // what has no fused kernel has no causal switch either
        if (!slides && !needed)
        {
            return default;
        }

        using var scope = NewDisposeScope();
        Tensor causal_TT = ones([length, length], ScalarType.Bool, device).tril();
        Tensor all = causal_TT.unsqueeze(0).unsqueeze(0);
        if (visible_BT is not null)
        {
            // A padding position sees itself, so that no row of the mask is empty: kernels differ in what they make of an empty one.
            Tensor self_TT = eye(length, dtype: ScalarType.Bool, device: device);
            all = visible_BT.unsqueeze(1).logical_and(causal_TT).logical_or(self_TT).unsqueeze(1);
        }

        Tensor? window = slides ? all.triu(1 - options.SlidingWindow!.Value) : null;   // a query sees itself and the window - 1 keys before it
        return new AttentionMasks(needed ? all.MoveToOuterDisposeScope() : null, window?.MoveToOuterDisposeScope());
    }

    /// <summary>Masks of tokens behind remembered ones.</summary>
    /// <param name="options">The decoder.</param>
    /// <param name="mask">Added to the scores, [B or 1, 1, T, S]; null: plain causal order, or a single token that sees everything.</param>
    /// <param name="positions_BT">Position of each token; null: the T positions before <paramref name="end"/>.</param>
    /// <param name="length">T.</param>
    /// <param name="end">More than any of the positions.</param>
    /// <param name="type">Type of the scores.</param>
    /// <param name="device">Where the masks are needed.</param>
    public static AttentionMasks Behind(DecoderOptions options, Tensor? mask, Tensor? positions_BT, long length, long end, ScalarType type, Device device)
    {
        if (mask is null && length > 1)
        {
            return Of(options, length, null, device);
        }

        if (!(options.SlidingWindow < end))
        {
            return new AttentionMasks(mask, null);
        }

        // A key's column is its position, but in trees, whose own tokens come last and have the positions of their depth.
        using var scope = NewDisposeScope();
        long columns = mask?.size(3) ?? end;
        Tensor keys_BS = arange(KeptScalar.Of(columns), ScalarType.Int64, device).unsqueeze(0);
        if (positions_BT is not null && length > 1)
        {
            keys_BS = cat([keys_BS.narrow(1, 0, columns - length).expand(positions_BT.size(0), columns - length), positions_BT], 1);
        }

        Tensor queries_BT = positions_BT ?? keys_BS.narrow(1, end - length, length);
        Tensor past_BTS = keys_BS.add(KeptScalar.Of((long)options.SlidingWindow!.Value)).unsqueeze(1).le(queries_BT.unsqueeze(2));
        Tensor window = (mask ?? zeros([1, 1, length, columns], type, device)).masked_fill(past_BTS.unsqueeze(1), KeptScalar.Of(double.NegativeInfinity));
        return new AttentionMasks(mask, window.MoveToOuterDisposeScope());
    }
}
