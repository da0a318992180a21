namespace SafeTuneBed.Models;

/// <summary>The activation of the feed-forward part's gate.</summary>
internal enum GateActivation
{
    /// <summary>x * sigmoid(x).</summary>
    Silu,

    /// <summary>GELU in its tanh form, <c>gelu_pytorch_tanh</c>.</summary>
    GeluTanh,
}
