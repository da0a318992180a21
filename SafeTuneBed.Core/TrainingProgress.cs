namespace SafeTuneBed;

/// <summary>One optimizer step's figures.</summary>
public sealed record TrainingProgress
{
    /// <summary>Steps done, from 1.</summary>
    public required int Step { get; init; }

    /// <summary>Steps in all.</summary>
    public required int TotalSteps { get; init; }

    /// <summary>Loss of the step's window before the step.</summary>
    public double Loss { get; init; }

    /// <summary>Learning rate in force.</summary>
    public double LearningRate { get; init; }

    /// <summary>Global gradient norm before clipping.</summary>
    public double GradientNorm { get; init; }

    /// <summary>Supervised tokens of the window.</summary>
    public int SupervisedTokens { get; init; }

    /// <summary>Mean token loss by role, where the method's loss gives token losses.</summary>
    public IReadOnlyDictionary<ExampleRole, double> LossByRole { get; init; } = new Dictionary<ExampleRole, double>();

    /// <summary>What the method logged at this step.</summary>
    public IReadOnlyDictionary<string, double> Logged { get; init; } = new Dictionary<string, double>();
}
