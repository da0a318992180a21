using SafeTuneBed.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>
/// The dropout masks of one layer. Pass n draws from (seed, layer, n), whatever else runs, so a mask depends on no generator's history: the pass number is all
/// that a restart needs. Drawn on the CPU whatever the device: one seed, one mask.
/// </summary>
internal sealed class DropoutStream(double probability, SeedTree seeds, Device device) : IDisposable
{
    private readonly torch.Generator generator = seeds.CreateGenerator();

    private long pass;

    public void BeginPass(long number) => pass = number;

    /// <summary>The pass's mask, the same each time it is asked for: of 0 (with the given probability) and 1 / (1 - probability). The caller disposes it.</summary>
    public Tensor Draw(long[] shape)
    {
        using var scope = NewDisposeScope();
        generator.manual_seed(unchecked((long)seeds[pass].Seed));
        return empty(shape, ScalarType.Float32).bernoulli_(1 - probability, generator).div_(KeptScalar.Of(1 - probability)).to(device).DetachFromDisposeScope();
    }

    public void Dispose() => generator.Dispose();
}
