namespace SafeTuneBed.Models.Families;

/// <summary>What a family's configuration class in transformers takes for keys that a file does not name.</summary>
internal sealed record DecoderDefaults
{
    /// <summary><c>vocab_size</c>.</summary>
    public required int Vocabulary { get; init; }

    /// <summary><c>hidden_size</c>.</summary>
    public required int Hidden { get; init; }

    /// <summary><c>intermediate_size</c>.</summary>
    public required int Intermediate { get; init; }

    /// <summary><c>num_hidden_layers</c>.</summary>
    public required int Layers { get; init; }

    /// <summary><c>num_attention_heads</c>.</summary>
    public required int Heads { get; init; }

    /// <summary><c>num_key_value_heads</c>; null: as many as query heads, which is also what a null in the file means.</summary>
    public int? KeyValueHeads { get; init; }

    /// <summary><c>head_dim</c>; null: hidden size by heads.</summary>
    public int? HeadSize { get; init; }

    /// <summary><c>max_position_embeddings</c>.</summary>
    public required int Context { get; init; }

    /// <summary><c>rms_norm_eps</c>.</summary>
    public double Epsilon { get; init; } = 1e-6;

    /// <summary><c>rope_theta</c>.</summary>
    public double Theta { get; init; } = 10_000;

    /// <summary><c>tie_word_embeddings</c>.</summary>
    public bool Tied { get; init; }
}
