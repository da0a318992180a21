namespace SafeTuneBed;

/// <summary>One cell of a grid that failed.</summary>
/// <param name="Cell">The cell, as <c>model / method / data set / seed n</c>, with the evaluator where one failed.</param>
/// <param name="Exception">What happened.</param>
public sealed record CellFailure(string Cell, Exception Exception);

/// <summary>Some cells of a grid failed. The others were finished, are on disk, and are in <see cref="Report"/>; running the grid again repeats the failed ones alone.</summary>
public sealed class GridFailedException : SafeTuneBedException
{
    internal GridFailedException(GridReport report, IReadOnlyList<CellFailure> failures)
        : base(
            $"{failures.Count} part{(failures.Count == 1 ? "" : "s")} of the grid '{report.Name}' failed; all others are done and kept. {Tell(failures)} "
            + "Mend the cause and run the grid again: only what failed is repeated.",
            failures[0].Exception)
    {
        (Report, Failures) = (report, failures);
    }

    /// <summary>The report over everything that succeeded.</summary>
    public GridReport Report { get; }

    /// <summary>What failed.</summary>
    public IReadOnlyList<CellFailure> Failures { get; }

    /// <summary>
    /// What an unhandled exception prints: the message; and a stack trace of each cause that is no <see cref="SafeTuneBedException"/>, because there something is broken rather than
    /// set wrongly, often in code of one's own. The trace of the grid itself would hide it.
    /// </summary>
    public override string ToString() => string.Join(
        Environment.NewLine,
        [
            $"{typeof(GridFailedException).FullName}: {Message}",
            .. Failures.Where(f => f.Exception is not SafeTuneBedException).DistinctBy(f => f.Exception.Message, StringComparer.Ordinal).Select(f => $"[{f.Cell}] {f.Exception}"),
        ]);

    // One cause often fails many cells: it is told once, with the first cell's name.
    private static string Tell(IReadOnlyList<CellFailure> failures) => string.Join(" ", failures.GroupBy(f => f.Exception.Message, StringComparer.Ordinal)
        .Select(g => FormattableString.Invariant($"[{g.First().Cell}{(g.Count() > 1 ? $", and {g.Count() - 1} more" : "")}] {g.Key}")));
}
