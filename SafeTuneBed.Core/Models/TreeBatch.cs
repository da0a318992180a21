using SafeTuneBed.Diagnostics;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Trees of tokens that one pass reads, behind a prefix that all of them begin with.</summary>
/// <param name="trees">The longest one first.</param>
/// <param name="prefix">Tokens of each tree that are not computed again.</param>
internal sealed class TreeBatch(IReadOnlyList<TokenTree> trees, int prefix)
{
    private readonly int width = trees[0].Ids.Count - prefix;

    /// <summary>Where a tree's token stands among all hidden states of the batch, row by row.</summary>
    public long Place(int row, int token) => ((long)row * width) + token - prefix;

    /// <summary>Hidden states [B, T, D]; what comes out at padding means nothing.</summary>
    public Tensor Hidden(Decoder decoder, SharedPrefix? memory)
    {
        using var scope = NewDisposeScope();
        Tensor ids_BT = Numbers(decoder, (tree, i) => tree.Ids[Math.Min(i, tree.Ids.Count - 1)]);   // padded with an id of its own: another's may be poisoned
        if (!trees.Any(t => t.IsBranched))
        {
            return decoder.Extend(ids_BT, null, prefix + width, SharedPrefix.CausalMask(decoder, width, prefix), memory).MoveToOuterDisposeScope();
        }

        Tensor positions_BT = Numbers(decoder, (tree, i) => tree.Depths[Math.Min(i, tree.Ids.Count - 1)]);
        return decoder.Extend(ids_BT, positions_BT, trees.Max(t => t.Depths.Max()) + 1, AncestorMask(decoder), memory).MoveToOuterDisposeScope();
    }

    // Each token sees the prefix, its ancestors and itself; padding sees itself, so that no row is empty.
    private Tensor AncestorMask(Decoder decoder)
    {
        Tensor ends_B1T = Numbers(decoder, (tree, i) => i < tree.Ids.Count ? tree.Ends[i] - prefix : i - prefix).unsqueeze(1);
        Tensor places_T = arange(KeptScalar.Of((long)width), ScalarType.Int64, decoder.Device);
        Tensor queries_T1 = places_T.unsqueeze(1);
        Tensor unseen_BTT = ends_B1T.lt(queries_T1).logical_or(places_T.gt(queries_T1));
        Tensor mask_B1TS = zeros([trees.Count, 1, width, prefix + width], decoder.ComputeType, decoder.Device);
        mask_B1TS.narrow(3, prefix, width).masked_fill_(unseen_BTT.unsqueeze(1), KeptScalar.Of(double.NegativeInfinity));
        return mask_B1TS;
    }

    private Tensor Numbers(Decoder decoder, Func<TokenTree, int, int> number)
    {
        long[] numbers = new long[trees.Count * width];
        for (int r = 0; r < trees.Count; r++)
        {
            for (int i = 0; i < width; i++)
            {
                numbers[(r * width) + i] = number(trees[r], prefix + i);
            }
        }

        return tensor(numbers, [trees.Count, width], device: decoder.Device);
    }
}
