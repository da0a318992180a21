namespace SafeTuneBed;

/// <summary>What a cell of a grid is doing.</summary>
public enum RunPhase
{
    /// <summary>The grid is being checked and its data prepared.</summary>
    Planning,

    /// <summary>Another process works on the cell; its result will be used.</summary>
    Waiting,

    /// <summary>Training.</summary>
    Training,

    /// <summary>Generating and scoring.</summary>
    Evaluating,

    /// <summary>The cell is done.</summary>
    Finished,

    /// <summary>The cell failed; the others go on.</summary>
    Failed,
}

/// <summary>One moment of a running grid. Reported often, from several threads; cheap to make.</summary>
public sealed record RunProgress
{
    /// <summary>What is being done.</summary>
    public required RunPhase Phase { get; init; }

    /// <summary>The cell, as <c>model / method / data set / seed n</c>; empty while planning.</summary>
    public string Cell { get; init; } = "";

    /// <summary>Cells done, reused and failed ones included.</summary>
    public int CompletedCells { get; init; }

    /// <summary>Cells in all.</summary>
    public int TotalCells { get; init; }

    /// <summary>Optimizer steps done in this cell.</summary>
    public int Step { get; init; }

    /// <summary>Optimizer steps of this cell in all.</summary>
    public int TotalSteps { get; init; }

    /// <summary>Loss of the last step; null outside training.</summary>
    public double? Loss { get; init; }

    /// <summary>The evaluator at work, as the grid names it; null outside evaluation.</summary>
    public string? Evaluator { get; init; }

    /// <summary>Items answered.</summary>
    public int Items { get; init; }

    /// <summary>Items in all.</summary>
    public int TotalItems { get; init; }

    /// <summary>True for a finished cell that was found complete on disk.</summary>
    public bool Reused { get; init; }
}
