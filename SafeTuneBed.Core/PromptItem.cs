namespace SafeTuneBed;

/// <summary>One evaluation prompt.</summary>
public sealed record PromptItem
{
    /// <summary>Unique within its set.</summary>
    public required string Id { get; init; }

    /// <summary>The request, as the user would type it.</summary>
    public required string Prompt { get; init; }

    /// <summary>The request before an attack's edits; null when there were none.</summary>
    internal string? AskedAs { get; init; }

    /// <summary>Harm category, where the set has one.</summary>
    public string? Category { get; init; }

    /// <summary>Further columns by name, as text.</summary>
    public IReadOnlyDictionary<string, string> Fields { get; init; } = new Dictionary<string, string>();
}
