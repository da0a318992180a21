namespace SafeTuneBed;

/// <summary>What merging an adapter into its model wrote, and how far the merged model's logits are from those of model and adapter.</summary>
public sealed record MergeResult
{
    /// <summary>The Hugging Face folder that was written.</summary>
    public required string Folder { get; init; }

    /// <summary>Its weight files, by name.</summary>
    public required IReadOnlyList<string> WeightFiles { get; init; }

    /// <summary>Layers whose weight became W + s B A.</summary>
    public required int MergedLayers { get; init; }

    /// <summary>Weights that the adapter had saved whole and that took the place of the model's.</summary>
    public required int ReplacedWeights { get; init; }

    /// <summary>Largest absolute difference of a logit, over all ids and <see cref="Positions"/>. With f32 weights rounding, with bf16 weights what storing the sum loses.</summary>
    public required double MaxLogitDifference { get; init; }

    /// <summary>Mean absolute difference of a logit.</summary>
    public required double MeanLogitDifference { get; init; }

    /// <summary>Largest absolute logit of model and adapter, to compare the differences with.</summary>
    public required double LargestLogit { get; init; }

    /// <summary>Share of positions, 0 to 1, at which both would choose the same next token.</summary>
    public required double SameChoices { get; init; }

    /// <summary>Token positions that were compared.</summary>
    public required int Positions { get; init; }
}
