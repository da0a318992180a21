using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Other values in weights of a decoder, and the loaded ones to put back, to the bit.</summary>
internal sealed class SubstitutedWeights : IDisposable
{
    private readonly List<(Tensor Weight, Tensor Loaded)> kept = [];

    /// <summary>Writes another value into a weight.</summary>
    public void Put(Tensor weight, Tensor value)
    {
        using var noGrad = no_grad();
        kept.Add((weight, weight.clone().DetachFromDisposeScope()));
        weight.copy_(value);
    }

    /// <summary>Puts the loaded values back.</summary>
    public void Restore()
    {
        using var noGrad = no_grad();
        foreach ((Tensor weight, Tensor loaded) in Enumerable.Reverse(kept))
        {
            weight.copy_(loaded);
            loaded.Dispose();
        }

        kept.Clear();
    }

    /// <summary>Frees the loaded values without putting them back.</summary>
    public void Dispose()
    {
        kept.ForEach(k => k.Loaded.Dispose());
        kept.Clear();
    }
}
