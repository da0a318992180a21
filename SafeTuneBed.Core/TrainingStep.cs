namespace SafeTuneBed;

/// <summary>One micro-step, as a method sees it.</summary>
public sealed class TrainingStep
{
    /// <summary>The rows of this micro-step.</summary>
    public TokenBatch Batch => throw new InvalidOperationException("being written");

    /// <summary>What outlives a step.</summary>
    public TrainingState State => throw new InvalidOperationException("being written");

    /// <summary>Forward, the method's loss, backward; the only default writer of gradients.</summary>
    public void AccumulateLoss(TokenBatch batch) => throw new InvalidOperationException("being written");
}

/// <summary>What a method keeps between steps.</summary>
public sealed class TrainingState;
