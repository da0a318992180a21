using SafeTuneBed.Diagnostics;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>The arithmetic of one block: x + attention(norm(x)), then x + feed-forward(norm(x)).</summary>
internal static class DecoderBlock
{
    /// <summary>x [B, T, D] to [B, T, D].</summary>
    public static Tensor Forward(DecoderLayer layer, DecoderOptions options, int index, Tensor x, AttentionContext context)
    {
        using var scope = NewDisposeScope();
        Tensor attended = Attention(layer, options, index, RmsNorm.Apply(x, layer.InputNorm, options.NormEpsilon), context);
        Tensor middle = x.add(attended, KeptScalar.One);
        Tensor fed = FeedForward(layer, options, RmsNorm.Apply(middle, layer.PostAttentionNorm, options.NormEpsilon));
        return middle.add(fed, KeptScalar.One).MoveToOuterDisposeScope();
    }

    private static Tensor Attention(DecoderLayer layer, DecoderOptions o, int index, Tensor x, AttentionContext context)
    {
        (long rows, long length) = (x.size(0), x.size(1));
        long[] queryShape = [rows, length, o.HeadCount, o.HeadSize], keyShape = [rows, length, o.KeyValueHeadCount, o.HeadSize];
        Tensor q, k, v;
        if (is_grad_enabled())
        {
            Tensor[] parts = layer.QueryKeyValue.Separate(x);
            q = Rope.Apply(parts[0].view(queryShape), context.Cos, context.Sin);
            k = Rope.Apply(parts[1].view(keyShape), context.Cos, context.Sin);
            v = parts[2].view(keyShape);
        }
        else
        {
            // Without a graph q and k are turned together: small steps are bound by the number of operations.
            Tensor joint = layer.QueryKeyValue.Joint(x);
            long turned = o.HeadCount + o.KeyValueHeadCount;
            Tensor both = Rope.Apply(joint.narrow(-1, 0, turned * o.HeadSize).view(rows, length, turned, o.HeadSize), context.Cos, context.Sin);
            q = both.narrow(2, 0, o.HeadCount);
            k = both.narrow(2, o.HeadCount, o.KeyValueHeadCount);
            v = joint.narrow(-1, turned * o.HeadSize, (long)o.KeyValueHeadCount * o.HeadSize).view(keyShape);
        }

        return layer.AttentionOutput.Members[0].Forward(context.Attend(index, q, k, v));
    }

    private static Tensor FeedForward(DecoderLayer layer, DecoderOptions o, Tensor x)
    {
        Tensor[] parts = layer.GateUp.Separate(x);
        return layer.Down.Members[0].Forward(SwiGlu.Apply(parts[0], parts[1]));
    }
}
