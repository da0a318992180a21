using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>The angles of a decoder's positions: one table, and more where long inputs (longrope) or layers with a window (Gemma 3) turn otherwise.</summary>
internal sealed class RotaryPositions : IDisposable
{
    private readonly int? switchLength;
    private readonly RotaryTable near;
    private readonly RotaryTable? far;
    private readonly RotaryTable? local;

    public RotaryPositions(DecoderOptions options, ScalarType type, Device device)
    {
        switchLength = options.Rope.SwitchLength;
        near = Table(options.Rope, beyond: false);
        far = switchLength is null ? null : Table(options.Rope, beyond: true);
        local = options.LocalRope is null ? null : Table(options.LocalRope, beyond: false);

        RotaryTable Table(RopeOptions rope, bool beyond) => new(rope.Frequencies(options.HeadSize, beyond), rope.AttentionFactor, options.ContextLength, type, device);
    }

    /// <summary>Angles of positions start to start + count, the last of which decides between short and long: [count, 1, r/2].</summary>
    public RotaryAngles Range(long start, long count)
        => Chosen(start + count).Range(start, count) with { Local = local?.Range(start, count) };

    /// <summary>Angles of given positions [B, T] (int64, from 0, below <paramref name="bound"/>, which decides between short and long): [B, T, 1, r/2].</summary>
    public RotaryAngles At(Tensor positions, long bound)
        => Chosen(bound).At(positions, bound) with { Local = local?.At(positions, bound) };

    public void Dispose()
    {
        near.Dispose();
        far?.Dispose();
        local?.Dispose();
    }

    private RotaryTable Chosen(long bound) => bound > switchLength ? far! : near;
}
