namespace SafeTuneBed.Models;

/// <summary>Norms of queries and keys before they are turned.</summary>
internal enum QueryKeyNorm
{
    /// <summary>None.</summary>
    None,

    /// <summary>Each head on its own, with one weight of d numbers: Qwen3, Gemma 3.</summary>
    PerHead,

    /// <summary>All heads of a position together: OLMo 2.</summary>
    WholeWidth,
}
