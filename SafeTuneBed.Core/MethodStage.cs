namespace SafeTuneBed;

/// <summary>Where a method acts. Stages run in this order.</summary>
public enum MethodStage
{
    /// <summary>Changes the training rows or the prompt.</summary>
    Data,

    /// <summary>Before the user's fine-tuning, on the defender's data.</summary>
    Alignment,

    /// <summary>The user's fine-tuning itself.</summary>
    FineTuning,

    /// <summary>On the weights afterwards.</summary>
    PostFineTuning,
}

/// <summary>Which logits a method reads.</summary>
public enum LogitPositions
{
    /// <summary>Only the loss: logits exist in chunks, at supervised positions.</summary>
    None,

    /// <summary>Logits at supervised positions.</summary>
    Labels,

    /// <summary>Logits at every position.</summary>
    All,
}

/// <summary>What a method asks for, checked before any weight is loaded.</summary>
public sealed record MethodNeeds
{
    private MethodNeeds()
    {
    }

    /// <summary>Nothing beyond the user's rows and the loss.</summary>
    public static MethodNeeds None { get; } = new();

    /// <summary>Which logits the model output may give.</summary>
    public LogitPositions Logits { get; private init; }

    /// <summary>Names of the data streams beside the user's rows, without repeats.</summary>
    public IReadOnlyList<string> Streams { get; private init; } = [];

    /// <summary>Companions of the model, without repeats. Their weights are read tensor by tensor; a plan says which one a model reference lacks.</summary>
    public IReadOnlyList<ModelCompanion> Companions { get; private init; } = [];

    /// <summary>Asks for a companion of the model.</summary>
    public static MethodNeeds Companion(ModelCompanion companion) => new() { Companions = [companion] };

    /// <summary>Whether the method compares with the model as it was before this training.</summary>
    public bool UsesReference { get; private init; }

    /// <summary>
    /// Asks for the model as it was before this training, for <see cref="TrainingStep.Reference"/> and what rests on it. With adapters it costs no memory: it is the model
    /// without them. Behind an alignment stage it is the aligned model.
    /// </summary>
    public static MethodNeeds Reference { get; } = new() { UsesReference = true };

    /// <summary>The number of the last block that the method's settings name; null where they name none.</summary>
    public int? LastBlock { get; private init; }

    /// <summary>The setting that names it, for messages.</summary>
    internal string? LastBlockSetting { get; private init; }

    /// <summary>Says that a setting names a block of the model: a model without it is refused before it is loaded.</summary>
    /// <param name="number">The block's number, from 0.</param>
    /// <param name="setting">The setting's name.</param>
    public static MethodNeeds Block(int number, string setting)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentException.ThrowIfNullOrWhiteSpace(setting);
        return new MethodNeeds { LastBlock = number, LastBlockSetting = setting };
    }

    /// <summary>Asks for logits.</summary>
    public static MethodNeeds LogitsAt(LogitPositions positions) => new() { Logits = positions };

    /// <summary>
    /// Asks for a stream of rows beside the user's: <c>align</c> (forbidden requests that are refused), <c>harmful</c> (such requests that are answered), <c>retain</c>
    /// (rows whose behavior must stay), or a name of one's own. The grid gives it (<see cref="ExperimentGrid.Streams"/>), else the model's default does.
    /// </summary>
    public static MethodNeeds Stream(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new MethodNeeds { Streams = [name] };
    }

    /// <summary>Both needs.</summary>
    public MethodNeeds And(MethodNeeds other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return this with
        {
            Logits = (LogitPositions)Math.Max((int)Logits, (int)other.Logits),
            UsesReference = UsesReference || other.UsesReference,
            Streams = [.. Streams.Union(other.Streams, StringComparer.Ordinal)],
            Companions = [.. Companions.Union(other.Companions)],
            LastBlock = other.LastBlock > (LastBlock ?? -1) ? other.LastBlock : LastBlock,
            LastBlockSetting = other.LastBlock > (LastBlock ?? -1) ? other.LastBlockSetting : LastBlockSetting,
        };
    }

    /// <exception cref="ConfigurationException">A setting names a block that a model of so many does not have.</exception>
    internal void CheckBlocks(int blocks)
    {
        if (LastBlock >= blocks)
        {
            throw new ConfigurationException(FormattableString.Invariant($"The model has the blocks 0 to {blocks - 1}; {LastBlockSetting} is {LastBlock}. Choose blocks that it has."));
        }
    }

    /// <summary>Equality by value, lists included.</summary>
    public bool Equals(MethodNeeds? other) => other is not null && Logits == other.Logits && UsesReference == other.UsesReference && LastBlock == other.LastBlock && LastBlockSetting == other.LastBlockSetting
        && Streams.SequenceEqual(other.Streams, StringComparer.Ordinal) && Companions.SequenceEqual(other.Companions);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Logits, UsesReference, Streams.Count, Companions.Count);
}
