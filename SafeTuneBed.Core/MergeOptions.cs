namespace SafeTuneBed;

/// <summary>How <see cref="ModelArtifact.MergeAsync"/> writes and measures.</summary>
public sealed record MergeOptions
{
    /// <summary>Bytes of one weight file, at least 1; a larger model is cut between tensors. Default 5,000,000,000.</summary>
    public long MaxShardBytes { get; init; } = 5_000_000_000;

    /// <summary>Texts on whose positions merged and unmerged logits are compared, cut at the model's context. Default three short English ones.</summary>
    public IReadOnlyList<string> Prompts { get; init; } =
    [
        "The quick brown fox jumps over the lazy dog.",
        "Question: What is the capital of France? Answer: Paris.",
        "def add(a, b):\n    return a + b\n",
    ];
}
