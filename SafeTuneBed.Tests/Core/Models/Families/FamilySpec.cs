namespace SafeTuneBed.Tests.Core.Models.Families;

/// <summary>A tiny model of some family: its configuration as a file says it, and beside it what that means, written out by hand.</summary>
internal sealed record FamilySpec(string Name, string Config)
{
    public int Vocabulary { get; init; } = 31;

    public int Hidden { get; init; } = 12;

    public int Intermediate { get; init; } = 18;

    public int Layers { get; init; } = 3;

    public int Heads { get; init; } = 4;

    public int KeyValueHeads { get; init; } = 2;

    public int HeadSize { get; init; } = 8;

    public double Epsilon { get; init; } = 1e-6;

    /// <summary>Before the names of the embedding, the layers and the last norm.</summary>
    public string Root { get; init; } = "model.";

    /// <summary>The head's name; null where it is the embedding.</summary>
    public string? Head { get; init; } = "lm_head";

    /// <summary>Angles per position of a layer, given the length of the whole input: as many as half the turned coordinates.</summary>
    public required Func<int, int, double[]> Angles { get; init; }

    /// <summary>Multiplies cosines and sines.</summary>
    public double TurnFactor { get; init; } = 1;

    /// <summary>Tokens that a layer sees, itself included; null for all before.</summary>
    public Func<int, int?> Window { get; init; } = _ => null;

    public double EmbeddingScale { get; init; } = 1;

    /// <summary>Added to each norm's weight.</summary>
    public double NormOffset { get; init; }

    /// <summary>Multiplies q k; null: 1 / sqrt(head size).</summary>
    public double? Scale { get; init; }

    public double? AttentionCap { get; init; }

    public double? LogitCap { get; init; }

    public bool Gelu { get; init; }

    public bool Fused { get; init; }

    public bool QueryKeyValueBias { get; init; }

    public bool OutputBias { get; init; }

    /// <summary>Names of the norms: before attention, after it, before the feed-forward part, after it; null for none.</summary>
    public string?[] Norms { get; init; } = ["input_layernorm", null, "post_attention_layernorm", null];

    /// <summary>Width of the norms of q and k; null for none.</summary>
    public (int Query, int Key)? QueryKeyNorm { get; init; }

    /// <summary>Tensors of other parts of the model.</summary>
    public IReadOnlyList<string> Foreign { get; init; } = [];

    public int Seed { get; init; } = 1;

    public override string ToString() => Name;
}
