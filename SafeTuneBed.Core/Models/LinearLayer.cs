using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>One named linear layer of a decoder: weight, optional bias, optional adapter.</summary>
internal sealed class LinearLayer(string path, Tensor weight, Tensor? bias)
{
    private (Tensor Weight, Tensor? Bias)? other;

    /// <summary>Hugging Face path, such as <c>model.layers.0.self_attn.q_proj</c>.</summary>
    public string Path { get; } = path;

    /// <summary>[out, in].</summary>
    public Tensor Weight => other?.Weight ?? weight;

    /// <summary>[out], or null.</summary>
    public Tensor? Bias => other is { } given ? given.Bias : bias;

    /// <summary>Whether other tensors than the loaded ones are in force.</summary>
    public bool IsSubstituted => other is not null;

    /// <summary>The adapter in force, or null.</summary>
    public LoraWeights? Adapter { get; set; }

    /// <summary>x [..., in] to [..., out]. Weights in training may be of a wider type than x.</summary>
    public Tensor Forward(Tensor x)
    {
        if (Adapter is not null)
        {
            return Adapter.Forward(x, Weight, Bias);
        }

        if (Weight.dtype == x.dtype)
        {
            return FewRows.Linear(x, Weight, Bias);
        }

        using Tensor narrow = Weight.to(x.dtype);
        using Tensor? shift = Bias?.to(x.dtype);
        return nn.functional.linear(x, narrow, shift!);
    }

    /// <summary>Puts tensors of the caller's in force, until <see cref="Restore"/>.</summary>
    public void Substitute(Tensor newWeight, Tensor? newBias) => other = (newWeight, newBias);

    /// <summary>Puts the loaded tensors back in force.</summary>
    public void Restore() => other = null;
}
