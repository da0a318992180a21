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

    /// <summary>Whether q, k and v are one layer, <c>qkv_proj</c>, and gate and up another, <c>gate_up_proj</c>.</summary>
    public bool FusedProjections { get; init; }

    /// <summary>Where the norms are.</summary>
    public NormPlacement NormPlacement { get; init; }

    /// <summary>How their weights are applied.</summary>
    public NormWeighting NormWeighting { get; init; }

    /// <summary>Norms of queries and keys.</summary>
    public QueryKeyNorm QueryKeyNorm { get; init; }

    /// <summary>The gate's activation.</summary>
    public GateActivation Activation { get; init; }

    /// <summary>Multiplies embeddings, rounded to the type of the arithmetic; null for none.</summary>
    public double? EmbeddingScale { get; init; }

    /// <summary>Multiplies the products of queries and keys; null for 1 / sqrt(d).</summary>
    public double? QueryScale { get; init; }

    /// <summary>Bends attention scores softly to this size; null for not at all.</summary>
    public double? AttentionCap { get; init; }

    /// <summary>Bends the logits softly to this size; null for not at all.</summary>
    public double? LogitCap { get; init; }

    /// <summary>In layers with a window a token sees this many, itself included; null where no layer has one.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>Which layers have the window, one entry each; null for all of them.</summary>
    public IReadOnlyList<bool>? SlidingLayers { get; init; }

    /// <summary>Rotary positions of the layers with a window, where they differ.</summary>
    public RopeOptions? LocalRope { get; init; }

    /// <summary>What tensor names begin with; of several, the one that the folder's files use.</summary>
    public IReadOnlyList<string> Roots { get; init; } = ["model."];

    /// <summary>Beginnings of tensor names that belong to parts of a larger model that are not loaded, such as its eyes.</summary>
    public IReadOnlyList<string> ForeignWeights { get; init; } = [];

    /// <summary>The window of a layer, or null where it sees everything before.</summary>
    public int? WindowOf(int layer) => SlidingLayers is null || SlidingLayers[layer] ? SlidingWindow : null;

    /// <summary>Query heads that share one key/value head.</summary>
    public int GroupSize => HeadCount / KeyValueHeadCount;
}
