namespace SafeTuneBed.Models;

/// <summary>One answer as ids.</summary>
/// <param name="TokenIds">New ids; a stop id that ended it is the last.</param>
/// <param name="FinishReason">Why it ended.</param>
internal sealed record GeneratedIds(IReadOnlyList<int> TokenIds, FinishReason FinishReason);
