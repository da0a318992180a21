using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Cosines and sines of the positions of one pass, [T, 1, r/2] or [B, T, 1, r/2] each, for r turned coordinates of a head.</summary>
/// <param name="Cos">Cosines.</param>
/// <param name="Sin">Sines.</param>
/// <param name="Local">Those of layers with a sliding window, where a model turns these otherwise.</param>
internal sealed record RotaryAngles(Tensor Cos, Tensor Sin, RotaryAngles? Local = null)
{
    /// <summary>The angles of a layer.</summary>
    public RotaryAngles For(bool slides) => slides && Local is not null ? Local : this;
}
