using TorchSharp;

namespace SafeTuneBed;

/// <summary>The result of one forward pass. Logits are lazy: the loss path never forms them outside supervised positions.</summary>
public sealed class ModelOutput
{
    /// <summary>Mean cross-entropy over the supervised tokens, a scalar with graph.</summary>
    public torch.Tensor CrossEntropy() => throw new InvalidOperationException("being written");
}
