namespace SafeTuneBed;

/// <summary>Which rows feed one micro-step: the user's, or those of a named stream.</summary>
public sealed record BatchPlan
{
    private BatchPlan(string? streamName, bool keepsUserBatch) => (StreamName, KeepsUserBatch) = (streamName, keepsUserBatch);

    /// <summary>The user's next batch.</summary>
    public static BatchPlan User { get; } = new(null, false);

    /// <summary>The stream that feeds the micro-step; null for the user's rows.</summary>
    public string? StreamName { get; }

    /// <summary>Whether the user's batch of this micro-step waits for the next one that takes it. False: it is passed over, as in the published trainers.</summary>
    public bool KeepsUserBatch { get; }

    /// <summary>The next batch of a named stream, which <see cref="MethodAlgorithm.Needs"/> must have asked for.</summary>
    /// <param name="name">The stream's name, such as <c>align</c>.</param>
    /// <param name="keepUserBatch">Whether the user's batch waits in place of being passed over.</param>
    public static BatchPlan Stream(string name, bool keepUserBatch = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new BatchPlan(name, keepUserBatch);
    }
}
