using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Hides a tensor from a custom autograd function: arguments that are not tensors get no gradient slot and no graph edge.</summary>
internal sealed class Frozen(Tensor value)
{
    public Tensor Value { get; } = value;
}
