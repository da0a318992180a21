using SafeTuneBed.Diagnostics;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Cosines and sines of all positions met so far, computed in double precision and rounded once.</summary>
/// <param name="frequencies">Angles per position.</param>
/// <param name="factor">Multiplies both.</param>
/// <param name="contextLength">Positions that are likely to be met.</param>
/// <param name="type">Type of the tables.</param>
/// <param name="device">Their place.</param>
internal sealed class RotaryTable(double[] frequencies, double factor, int contextLength, ScalarType type, Device device) : IDisposable
{
    private Tensor? cos;
    private Tensor? sin;
    private long length;

    /// <summary>Angles of positions start to start + count: [count, 1, r/2].</summary>
    public RotaryAngles Range(long start, long count)
    {
        Grow(start + count);
        return new RotaryAngles(cos!.narrow(0, start, count), sin!.narrow(0, start, count));
    }

    /// <summary>Angles of given positions [B, T] (int64, from 0, below <paramref name="bound"/>): [B, T, 1, r/2].</summary>
    public RotaryAngles At(Tensor positions, long bound)
    {
        Grow(bound);
        using var scope = NewDisposeScope();
        Tensor flat = positions.reshape(-1);
        long[] shape = [.. positions.shape, 1, frequencies.Length];
        return new RotaryAngles(cos!.index_select(0, flat).view(shape).MoveToOuterDisposeScope(), sin!.index_select(0, flat).view(shape).MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        cos?.Dispose();
        sin?.Dispose();
    }

    private void Grow(long needed)
    {
        if (needed <= length)
        {
            return;
        }

        // Made outside inference mode even when generation asks first: training uses the same tables.
        using var ordinary = inference_mode(false);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        length = Math.Max(needed, Math.Min(Math.Max(2 * length, 256), Math.Max(contextLength, 256)));
        Tensor angles = arange(KeptScalar.Of((long)length), ScalarType.Float64).unsqueeze(1).mul(tensor(frequencies)).unsqueeze(1);
        Dispose();
        cos = angles.cos().mul_(KeptScalar.Of(factor)).to(type).to(device).DetachFromDisposeScope();
        sin = angles.sin().mul_(KeptScalar.Of(factor)).to(type).to(device).DetachFromDisposeScope();
    }
}
