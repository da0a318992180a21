namespace SafeTuneBed;

/// <summary>One answer behind a table row, with every score it got. Prompt and answer may be harmful text: show them only to somebody who asked.</summary>
public sealed record ReportSample
{
    /// <summary>The grid's entry that asked, such as <c>attack-success@advbench</c>.</summary>
    public required string Evaluator { get; init; }

    /// <summary>The seed of the run that answered.</summary>
    public ulong Seed { get; init; }

    /// <summary>The item.</summary>
    public required string ItemId { get; init; }

    /// <summary>What was asked; null where the evaluator names its items in a way of its own.</summary>
    public string? Prompt { get; init; }

    /// <summary>What was answered, several turns one after the other; null where no answer is stored.</summary>
    public string? Answer { get; init; }

    /// <summary>The scores by full metric key, in the order of the evaluator's metrics.</summary>
    public IReadOnlyDictionary<string, SampleScore> Scores { get; init; } = new Dictionary<string, SampleScore>();
}
