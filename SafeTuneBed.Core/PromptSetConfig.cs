namespace SafeTuneBed;

/// <summary>A set of evaluation prompts.</summary>
/// <param name="Name">Registered name, the part after @ in a grid entry.</param>
/// <param name="Source">Where the prompts are.</param>
/// <param name="Mapping">How a record becomes a prompt (the mapping's instruction); other columns become the item's fields.</param>
public sealed record PromptSetConfig(string Name, DatasetSource Source, RecordMapping Mapping)
{
    /// <summary>Most new tokens of an answer; null leaves it to the evaluator.</summary>
    public int? MaxNewTokens { get; init; }
}
