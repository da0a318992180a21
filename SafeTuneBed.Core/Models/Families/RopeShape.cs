namespace SafeTuneBed.Models.Families;

/// <summary>What the rotary settings of a configuration refer to.</summary>
/// <param name="HeadSize">Coordinates of a head.</param>
/// <param name="ContextLength"><c>max_position_embeddings</c>.</param>
internal sealed record RopeShape(int HeadSize, int ContextLength)
{
    /// <summary>Whether the family can turn a part of each head only.</summary>
    public bool AllowsPart { get; init; }

    /// <summary>What the family takes for <c>original_max_position_embeddings</c> where a file does not name it; null: the context itself.</summary>
    public int? OriginalContextLength { get; init; }

    /// <summary>Older names of <c>longrope</c> in the family's files.</summary>
    public IReadOnlyList<string> LongRopeAliases { get; init; } = [];
}
