namespace SafeTuneBed.Models;

/// <summary>
/// Everything that distinguishes one decoder from another. A family's recipe fills it from <c>config.json</c>; the decoder knows nothing of families.
/// </summary>
internal sealed record DecoderOptions
{
    /// <summary>Name of the family in messages and records, such as <c>llama</c>.</summary>
    public required string Family { get; init; }

    /// <summary>Rows of the embedding, V.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream, D.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the gated feed-forward part, I.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads, H.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key/value heads, KV; divides <see cref="HeadCount"/>.</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>Width of one head, d; even. H x d need not be D.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Positions the model was made for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Added to the mean square before its root, in each RMS norm.</summary>
    public required double NormEpsilon { get; init; }

    /// <summary>Rotary positions.</summary>
    public required RopeOptions Rope { get; init; }

    /// <summary>Whether q, k and v have biases.</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>Whether the attention's output projection has a bias.</summary>
    public bool AttentionOutputBias { get; init; }

    /// <summary>Whether the three feed-forward projections have biases.</summary>
    public bool MlpBias { get; init; }

    /// <summary>Whether the output head is the embedding.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>Query heads that share one key/value head.</summary>
    public int GroupSize => HeadCount / KeyValueHeadCount;
}
