namespace SafeTuneBed;

/// <summary>A set of evaluation prompts.</summary>
/// <param name="Name">Registered name, the part after @ in a grid entry.</param>
/// <param name="Source">Where the prompts are.</param>
/// <param name="Mapping">How a record becomes a prompt (the mapping's instruction); other columns become the item's fields.</param>
public sealed record PromptSetConfig(string Name, DatasetSource Source, RecordMapping Mapping)
{
    /// <summary>Edits of each prompt's text, in this order, such as the trigger of a backdoor. A system turn is not among them: it is the prompt policy's.</summary>
    public IReadOnlyList<RowTransform> Transforms { get; init; } = [];

    /// <summary>Licence of the prompts.</summary>
    public DataLicense? License { get; init; }

    /// <summary>Equality by value, lists included.</summary>
    public bool Equals(PromptSetConfig? other) => other is not null && Name == other.Name && Source == other.Source && Mapping == other.Mapping
        && MaxNewTokens == other.MaxNewTokens && License == other.License && Transforms.SequenceEqual(other.Transforms);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Source, Mapping);

    /// <summary>Most new tokens of an answer; null leaves it to the evaluator.</summary>
    public int? MaxNewTokens { get; init; }
}
