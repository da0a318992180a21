namespace SafeTuneBed.Data;

/// <summary>Rows that may be chosen for one role.</summary>
/// <param name="Name">Corpus name; part of the selection keys.</param>
/// <param name="Role">The role they play.</param>
/// <param name="Rows">The rows, in file order.</param>
internal sealed record MixCorpus(string Name, ExampleRole Role, IReadOnlyList<FinetuneExample> Rows)
{
    /// <summary>The file that the rows come from, in errors; null where there is none.</summary>
    public string? File { get; init; }

    /// <summary>Records in that file, before filters and part.</summary>
    public long Records { get; init; }

    /// <summary>Categories whose rows are left out.</summary>
    public IReadOnlyList<string> ExcludedCategories { get; init; } = [];

    /// <summary>Whether only the first row of each request may be chosen.</summary>
    public bool KeepFirstPerPrompt { get; init; }
}

/// <summary>What is to be mixed.</summary>
internal sealed record MixRequest
{
    /// <summary>The user's rows.</summary>
    public required MixCorpus Benign { get; init; }

    /// <summary>Poison; null when there is none.</summary>
    public MixCorpus? Harmful { get; init; }

    /// <summary>A defender's rows; null when there are none.</summary>
    public MixCorpus? Guide { get; init; }

    /// <summary>Decides which rows are chosen, and their order.</summary>
    public required ulong Seed { get; init; }

    /// <summary>How counts follow from the numbers below.</summary>
    public MixMode Mode { get; init; }

    /// <summary>N; null takes every eligible benign row.</summary>
    public int? Count { get; init; }

    /// <summary>r.</summary>
    public decimal Ratio { get; init; }

    /// <summary>H under <see cref="MixMode.Absolute"/>.</summary>
    public int? HarmfulCount { get; init; }

    /// <summary>G.</summary>
    public int GuideCount { get; init; }

    /// <summary>What happens when a corpus is too small.</summary>
    public ShortagePolicy Shortage { get; init; }

    /// <summary>What will be evaluated.</summary>
    public AskedPrompts Evaluation { get; init; } = AskedPrompts.None;

    /// <summary>Whether rows whose request is an evaluation prompt may stay.</summary>
    public bool AllowEvaluationOverlap { get; init; }

    /// <summary>Whether guide rows whose request is among the chosen poison are left out.</summary>
    public bool GuideDisjointFromHarmful { get; init; } = true;

    /// <summary>Which rows are chosen.</summary>
    public RowSelection Selection { get; init; }

    /// <summary>Whether chosen rows keep the shares of their kinds.</summary>
    public StratifyBy Stratify { get; init; }

    /// <summary>The final order.</summary>
    public RowOrder Order { get; init; }

    /// <summary>Longest row in tokens, in errors; null where lengths do not matter.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Which rows of a corpus are short enough; null lets all pass.</summary>
    public Func<MixCorpus, IReadOnlyList<bool>>? FitsLength { get; init; }
}

/// <summary>Rows that a filter left out.</summary>
/// <param name="Corpus">Corpus name.</param>
/// <param name="Role">Role of the rows.</param>
/// <param name="Name">Name of the filter.</param>
/// <param name="Parameter">What the filter was set to.</param>
/// <param name="Dropped">Rows left out.</param>
internal sealed record FilterCount(string Corpus, ExampleRole Role, string Name, string Parameter, int Dropped);

/// <summary>A corpus that held too few rows, and what was done.</summary>
/// <param name="Corpus">Corpus name.</param>
/// <param name="Role">Role of the rows.</param>
/// <param name="Needed">Rows asked for.</param>
/// <param name="Available">Eligible rows.</param>
/// <param name="Action">What was done.</param>
internal sealed record Shortfall(string Corpus, ExampleRole Role, int Needed, int Available, string Action);

/// <summary>A mixed set.</summary>
/// <param name="Examples">The rows in their final order.</param>
/// <param name="Requested">Counts that were asked for.</param>
/// <param name="Realized">Counts that came out.</param>
/// <param name="Filters">What was left out, in the order of the filters.</param>
/// <param name="Shortfalls">Corpora that were too small.</param>
/// <param name="Overlap">Chosen rows whose request is an evaluation prompt; 0 unless that was allowed.</param>
internal sealed record MixResult(
    IReadOnlyList<FinetuneExample> Examples,
    CountPlan Requested,
    CountPlan Realized,
    IReadOnlyList<FilterCount> Filters,
    IReadOnlyList<Shortfall> Shortfalls,
    int Overlap);
