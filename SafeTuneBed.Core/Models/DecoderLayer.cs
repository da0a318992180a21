using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>The weights of one block: norm, attention, norm, gated feed-forward.</summary>
/// <param name="InputNorm">[D].</param>
/// <param name="QueryKeyValue">q_proj, k_proj and v_proj.</param>
/// <param name="AttentionOutput">o_proj, alone in its group.</param>
/// <param name="PostAttentionNorm">[D].</param>
/// <param name="GateUp">gate_proj and up_proj.</param>
/// <param name="Down">down_proj, alone in its group.</param>
internal sealed record DecoderLayer(
    Tensor InputNorm,
    ProjectionGroup QueryKeyValue,
    ProjectionGroup AttentionOutput,
    Tensor PostAttentionNorm,
    ProjectionGroup GateUp,
    ProjectionGroup Down) : IDisposable
{
    /// <summary>q, k, v, o, gate, up, down.</summary>
    public IEnumerable<LinearLayer> Linears =>
        [.. QueryKeyValue.Members, .. AttentionOutput.Members, .. GateUp.Members, .. Down.Members];

    public void Dispose()
    {
        InputNorm.Dispose();
        QueryKeyValue.Dispose();
        AttentionOutput.Dispose();
        PostAttentionNorm.Dispose();
        GateUp.Dispose();
        Down.Dispose();
    }
}
