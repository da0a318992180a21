using System.Globalization;

namespace SafeTuneBed.Running;

/// <summary>A cell that can't be planned, and why.</summary>
internal sealed record Blockage(string Model, string Method, string Dataset, ulong Seed, IReadOnlyList<Problem> Causes)
{
    public string Label => string.Create(CultureInfo.InvariantCulture, $"{Model} / {Method} / {Dataset} / seed {Seed}");
}

/// <summary>The cells of a grid, those that are blocked, and what keeps the whole grid from running.</summary>
internal sealed record CellSet(string Name, RunStore Store, IReadOnlyList<Cell> Cells, IReadOnlyList<Problem> Problems, string? Baseline)
{
    public RowsCache Rows { get; init; } = new();

    /// <summary>The canonical form of a method's name; null where it has none.</summary>
    public Func<string, string?> Canonical { get; init; } = _ => null;

    /// <summary>The cells that others rest on and that are no cells of the grid themselves, each once, the earlier first.</summary>
    public IReadOnlyList<Cell> Stages
    {
        get
        {
            HashSet<string> own = [.. Cells.Select(c => c.Folder)];
            return [.. Cells.SelectMany(c => c.Stages).DistinctBy(c => c.Folder).Where(c => !own.Contains(c.Folder))];
        }
    }

    /// <summary>Cells that can't be planned.</summary>
    public IReadOnlyList<Blockage> Blocked { get; init; } = [];

    /// <summary>Whether blocked cells are left out and the others run.</summary>
    public bool SkipsBlocked { get; init; }

    /// <summary>What is allowed and likely a mistake.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What each data set is made of, for each model.</summary>
    public IReadOnlyList<PlannedDataset> Datasets { get; init; } = [];

    /// <summary>Everything in the way, each once: what concerns the grid, then the causes of blocked cells.</summary>
    public IReadOnlyList<Problem> AllProblems => [.. Problems.Concat(Blocked.SelectMany(b => b.Causes)).DistinctBy(p => p.Message)];

    /// <summary>What keeps it from starting.</summary>
    public IReadOnlyList<Problem> Hindrances => SkipsBlocked && Cells.Count > 0 ? Problems : AllProblems;

    /// <summary>Refuses to start while something is in the way.</summary>
    public void ThrowIfHindered() => Problem.ThrowIfAny(
        Name,
        Hindrances,
        Problems.Count == 0 && Cells.Count > 0
            ? FormattableString.Invariant($" {Cells.Count} of {Cells.Count + Blocked.Count} cells could run: SkipBlocked = true on the grid runs them alone.")
            : "");

    /// <summary>One line for each cause of blocked cells.</summary>
    public IEnumerable<string> DescribeBlocked() => Blocked.SelectMany(b => b.Causes.Select(c => (Cause: c.Message, b.Label))).GroupBy(b => b.Cause, b => b.Label)
        .Select(g => FormattableString.Invariant($"Not run: {g.First()}{(g.Count() > 1 ? $", and {g.Count() - 1} more" : "")}: {g.Key}"));
}
