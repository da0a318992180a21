namespace SafeTuneBed;

/// <summary>One table row: one model, method and data set, pooled over seeds.</summary>
public sealed record ReportRow
{
    /// <summary>Display name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Canonical method name.</summary>
    public required string Method { get; init; }

    /// <summary>Data set name.</summary>
    public required string Dataset { get; init; }

    /// <summary>Task name shared by the poison levels of one task.</summary>
    public required string Task { get; init; }

    /// <summary>Poison rows / all rows as realised; null for a method that does not train.</summary>
    public decimal? PoisonRatio { get; init; }

    /// <summary>Seeds behind the row.</summary>
    public IReadOnlyList<ulong> Seeds { get; init; } = [];

    /// <summary>Numbers by key, in display order.</summary>
    public IReadOnlyList<MetricValue> Metrics { get; init; } = [];

    /// <summary>Each metric against the grid's baseline on the same data set, by key; empty for the baseline itself.</summary>
    public IReadOnlyDictionary<string, PairedComparison> VersusBaseline { get; init; } = new Dictionary<string, PairedComparison>();

    /// <summary>The method's own control, which it must beat; null where it has none.</summary>
    public string? Control { get; init; }

    /// <summary>Each metric against the method's own control on the same data set, by key; empty where the grid has no such row.</summary>
    public IReadOnlyDictionary<string, PairedComparison> VersusControl { get; init; } = new Dictionary<string, PairedComparison>();

    /// <summary>
    /// For each headline metric, by key, where the row stands among the trained methods of its model and data set (or among all where none is trained). Empty where there is
    /// nothing to compare.
    /// </summary>
    public IReadOnlyDictionary<string, Standing> Standings { get; init; } = new Dictionary<string, Standing>();

    /// <summary>What a reader must know before believing the row: template mismatch, shortfall, incomplete scores, ...</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>
    /// What the row was made with, as text by name in a fixed order: model hash, template, rows, steps, every resolved setting of loop, adapter and method
    /// (<c>Training:LearningRate</c>, <c>Lora:Rank</c>, <c>Method:Rho</c>), what was asked, run folders. Where seeds differ, their values stand side by side.
    /// </summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether this is the model as it came: nothing was trained, here or elsewhere. What others learned is measured from it.</summary>
    public bool IsUntouched { get; init; }

    /// <summary>The number with this key, or null.</summary>
    public MetricValue? this[string key] => Metrics.FirstOrDefault(m => m.Key == key);
}

/// <summary>Where a row stands among the rows that compete with it.</summary>
public enum Standing
{
    /// <summary>The best value.</summary>
    Best,

    /// <summary>Another value, which the data do not separate from the best one (paired test, Holm's correction, 5 %).</summary>
    NotSeparated,

    /// <summary>Worse than the best.</summary>
    Worse,
}
