namespace SafeTuneBed.Running;

/// <summary>Adds the grid's own count to what its cells report.</summary>
internal sealed class ProgressHub(IProgress<RunProgress>? target, int totalCells)
{
    private int completed;

    public void Report(RunProgress progress) =>
        target?.Report(progress with { CompletedCells = Volatile.Read(ref completed), TotalCells = totalCells });

    /// <summary>A cell has come to its end.</summary>
    public void Complete(Cell cell, CellOutcome outcome)
    {
        Interlocked.Increment(ref completed);
        Report(new RunProgress
        {
            Phase = outcome == CellOutcome.Failed ? RunPhase.Failed : RunPhase.Finished,
            Cell = cell.Label,
            Reused = outcome == CellOutcome.Reused,
        });
    }
}
