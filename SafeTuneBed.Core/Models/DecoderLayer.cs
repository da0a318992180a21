using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>The weights of one block: attention and a gated feed-forward part, with norms where the family has them.</summary>
/// <param name="LoadedNorms">By place, as they were loaded.</param>
/// <param name="QueryKeyValue">q_proj, k_proj and v_proj, or the one layer that is all three.</param>
/// <param name="AttentionOutput">o_proj, alone in its group.</param>
/// <param name="GateUp">gate_proj and up_proj, or the one layer that is both.</param>
/// <param name="Down">down_proj, alone in its group.</param>
internal sealed record DecoderLayer(
    DecoderLayerNorms LoadedNorms,
    ProjectionGroup QueryKeyValue,
    ProjectionGroup AttentionOutput,
    ProjectionGroup GateUp,
    ProjectionGroup Down) : IDisposable
{
    /// <summary>The norms in force.</summary>
    public DecoderLayerNorms Norms { get; set; } = LoadedNorms;

    /// <summary>q, k, v, o, gate, up, down.</summary>
    public IEnumerable<LinearLayer> Linears =>
        [.. QueryKeyValue.Members, .. AttentionOutput.Members, .. GateUp.Members, .. Down.Members];

    /// <summary>Whether anything of this block is in training.</summary>
    public bool Trains => Norms.Weights.Values.Any(w => w.requires_grad)
        || Linears.Any(l => l.Weight.requires_grad || l.Bias?.requires_grad == true || l.Adapter is { } a && (a.A.requires_grad || a.B.requires_grad));

    public void Dispose()
    {
        LoadedNorms.Dispose();
        QueryKeyValue.Dispose();
        AttentionOutput.Dispose();
        GateUp.Dispose();
        Down.Dispose();
    }
}
