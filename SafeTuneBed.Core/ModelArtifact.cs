namespace SafeTuneBed;

/// <summary>What training made: a base model and what is laid over it. On disk plain PEFT beside one manifest.</summary>
public sealed class ModelArtifact
{
    /// <summary>The model underneath.</summary>
    public required ModelReference Model { get; init; }
}
