namespace SafeTuneBed.Text.Jinja;

/// <summary>What one rendering may use up. A template comes from somebody's model folder: it must not be able to hang or fill the machine.</summary>
internal sealed record JinjaLimits
{
    /// <summary>Evaluated nodes, loop rounds and touched items, and one more for every 16 characters of each text that is made.</summary>
    public long MaxSteps { get; init; } = 5_000_000;

    /// <summary>Expressions, statements and macro calls within one another.</summary>
    public int MaxDepth { get; init; } = 1_000;

    /// <summary>Characters (UTF-16 units) of the result and of any text on the way to it.</summary>
    public int MaxLength { get; init; } = 16_777_216;

    /// <summary>Items of one list, tuple or dictionary.</summary>
    public int MaxItems { get; init; } = 1_000_000;
}
