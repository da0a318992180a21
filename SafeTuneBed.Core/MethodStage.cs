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

    /// <summary>Asks for logits.</summary>
    public static MethodNeeds LogitsAt(LogitPositions positions) => new() { Logits = positions };

    /// <summary>Both needs.</summary>
    public MethodNeeds And(MethodNeeds other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new MethodNeeds { Logits = (LogitPositions)Math.Max((int)Logits, (int)other.Logits) };
    }
}
