namespace SafeTuneBed;

/// <summary>A measure of a paper: an entry of its grid, and what it comes to.</summary>
/// <param name="Entry">The grid's entry, such as <c>attack-success@advbench</c>.</param>
/// <param name="Text">What it is, and where it stands in the paper.</param>
public sealed record PaperMeasure(string Entry, string Text)
{
    /// <summary>Items of the published set; null where they are the task's own evaluation rows.</summary>
    public int? Items { get; init; }

    /// <summary>Answers to each item; 0 where those of another measure are read.</summary>
    public int Answers { get; init; } = 1;

    /// <summary>Requests to a judge for each item; 0 asks none.</summary>
    public int JudgeCalls { get; init; }

    /// <summary>About how many tokens one request sends: the judge's instructions, request, and half of the longest answers.</summary>
    public int TokensSent { get; init; }

    /// <summary>About how many tokens one verdict has.</summary>
    public int TokensReceived { get; init; }

    /// <summary>Registers it with the paper's settings.</summary>
    internal Action<ISafeTuneBedBuilder> Register { get; init; } = _ => { };
}
