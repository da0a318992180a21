using SafeTuneBed.Diagnostics;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>The arithmetic of one block: x + attention(x), then x + feed-forward(x), with norms before or after each part.</summary>
internal static class DecoderBlock
{
    /// <summary>x [B, T, D] to [B, T, D].</summary>
    public static Tensor Forward(DecoderLayer layer, DecoderOptions options, int index, Tensor x, AttentionContext context)
    {
        using var scope = NewDisposeScope();
        Tensor attended = context.Taps.At(Site.AttentionOutput, index, Attention(layer, options, index, Norm(x, layer.Norms.BeforeAttention, options), context));
        Tensor middle = x.add(Norm(attended, layer.Norms.AfterAttention, options), KeptScalar.One);
        Tensor fed = context.Taps.At(Site.MlpOutput, index, FeedForward(layer, options, Norm(middle, layer.Norms.BeforeFeedForward, options), context.Taps));
        return middle.add(Norm(fed, layer.Norms.AfterFeedForward, options), KeptScalar.One).MoveToOuterDisposeScope();
    }

    private static Tensor Norm(Tensor x, Tensor? weight, DecoderOptions o) => weight is null ? x : RmsNorm.Apply(x, weight, o.NormEpsilon, o.NormWeighting);

    private static Tensor Attention(DecoderLayer layer, DecoderOptions o, int index, Tensor x, AttentionContext context)
    {
        (long rows, long length) = (x.size(0), x.size(1));
        long[] queryShape = [rows, length, o.HeadCount, o.HeadSize], keyShape = [rows, length, o.KeyValueHeadCount, o.HeadSize];
        RotaryAngles angles = context.Angles.For(slides: o.WindowOf(index) is not null);
        Tensor q, k, v;
        if (is_grad_enabled() || o.QueryKeyNorm != QueryKeyNorm.None || context.Taps is not null)
        {
            Tensor[] parts = layer.QueryKeyValue.Separate(x, context.Taps);
            q = Rope.Apply(Heads(parts[0], layer.Norms.Query, queryShape, o), angles.Cos, angles.Sin);
            k = Rope.Apply(Heads(parts[1], layer.Norms.Key, keyShape, o), angles.Cos, angles.Sin);
            v = parts[2].view(keyShape);
        }
        else
        {
            // Without a graph q and k are turned together: small steps are bound by the number of operations.
            Tensor joint = layer.QueryKeyValue.Joint(x);
            long turned = o.HeadCount + o.KeyValueHeadCount;
            Tensor both = Rope.Apply(joint.narrow(-1, 0, turned * o.HeadSize).view(rows, length, turned, o.HeadSize), angles.Cos, angles.Sin);
            q = both.narrow(2, 0, o.HeadCount);
            k = both.narrow(2, o.HeadCount, o.KeyValueHeadCount);
            v = joint.narrow(-1, turned * o.HeadSize, (long)o.KeyValueHeadCount * o.HeadSize).view(keyShape);
        }

        return layer.AttentionOutput.Members[0].Forward(context.Attend(index, q, k, v), context.Taps);
    }

    private static Tensor Heads(Tensor part, Tensor? norm, long[] shape, DecoderOptions o)
        => o.QueryKeyNorm == QueryKeyNorm.WholeWidth ? Norm(part, norm, o).view(shape) : Norm(part.view(shape), norm, o);

    private static Tensor FeedForward(DecoderLayer layer, DecoderOptions o, Tensor x, SiteTaps? taps)
    {
        Tensor[] parts = layer.GateUp.Separate(x, taps);
        return layer.Down.Members[0].Forward(o.Activation == GateActivation.Silu ? SwiGlu.Apply(parts[0], parts[1]) : GeGlu.Apply(parts[0], parts[1]), taps);
    }
}
