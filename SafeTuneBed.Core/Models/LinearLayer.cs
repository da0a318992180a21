using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>One named linear layer of a decoder: frozen weight, optional bias, optional adapter.</summary>
internal sealed class LinearLayer(string path, Tensor weight, Tensor? bias)
{
    /// <summary>Hugging Face path, such as <c>model.layers.0.self_attn.q_proj</c>.</summary>
    public string Path { get; } = path;

    /// <summary>[out, in].</summary>
    public Tensor Weight { get; } = weight;

    /// <summary>[out], or null.</summary>
    public Tensor? Bias { get; } = bias;

    /// <summary>The adapter in force, or null.</summary>
    public LoraWeights? Adapter { get; set; }

    /// <summary>x [..., in] to [..., out].</summary>
    public Tensor Forward(Tensor x) => Adapter is null ? nn.functional.linear(x, Weight, Bias!) : Adapter.Forward(x, Weight, Bias);
}
