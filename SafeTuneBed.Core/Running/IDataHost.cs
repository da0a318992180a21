using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>The training rows of one cell, with what must be said about them.</summary>
internal sealed record TrainingRows
{
    public required IReadOnlyList<TokenizedExample> Examples { get; init; }

    /// <summary>The same rows as text.</summary>
    public IReadOnlyList<FinetuneExample> Texts { get; init; } = [];

    /// <summary>SHA-256 over the rows as tokens, in order: what training really sees.</summary>
    public required string Fingerprint { get; init; }

    public int HarmfulCount { get; init; }

    public int BenignCount { get; init; }

    /// <summary>Requests of the poison rows: a defender's rows may not ask them.</summary>
    public IReadOnlyList<string> HarmfulPrompts { get; init; } = [];

    /// <summary>The data manifest for the run record.</summary>
    public JsonNode? Manifest { get; init; }

    /// <summary>Shortfall, truncation and the like, for the row of the table.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>The runner's view of data sets and prompt sets.</summary>
internal interface IDataHost
{
    IReadOnlyList<string> DatasetNames { get; }

    IReadOnlyList<string> PromptSetNames { get; }

    /// <summary>The recipe with this name or one of its accepted spellings; null when unknown.</summary>
    FinetuneDatasetConfig? FindDataset(string name);

    PromptSetConfig? FindPromptSet(string name);

    /// <summary>Missing files, licences and impossible settings, without reading rows.</summary>
    IReadOnlyList<SafeTuneBedException> Check(FinetuneDatasetConfig dataset);

    /// <summary>Missing files of a prompt set.</summary>
    IReadOnlyList<SafeTuneBedException> Check(PromptSetConfig promptSet);

    /// <summary>Loads, mixes, renders, masks. Rows whose prompt is among the evaluation prompts are left out, unless the recipe allows them. Then come the edits, if any.</summary>
    Task<TrainingRows> PrepareAsync(
        FinetuneDatasetConfig dataset,
        ulong seed,
        ModelDescription model,
        int maxLength,
        EvaluationPrompts evaluationPrompts,
        RowEdits? edits,
        CancellationToken cancellationToken);

    /// <summary>The files that a recipe reads.</summary>
    /// <param name="dataset">The recipe.</param>
    /// <param name="read">Whether training rows are read already, so that their number can be told.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    Task<IReadOnlyList<PlannedFile>> FilesAsync(FinetuneDatasetConfig dataset, bool read, CancellationToken cancellationToken);

    Task<IReadOnlyList<PromptItem>> LoadPromptsAsync(PromptSetConfig promptSet, CancellationToken cancellationToken);

    Task<IReadOnlyList<FinetuneExample>> LoadEvaluationAsync(FinetuneDatasetConfig dataset, CancellationToken cancellationToken);
}

/// <summary>Everything that will be asked in a cell's evaluations, so that none of it is trained on.</summary>
internal sealed record EvaluationPrompts(IReadOnlyList<PromptItem> Prompts, IReadOnlyList<FinetuneExample> Examples)
{
    public static EvaluationPrompts None { get; } = new([], []);

    /// <summary>Where the prompts come from, for records.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];

    /// <summary>These and further requests.</summary>
    public EvaluationPrompts And(IReadOnlyList<string> more) => more.Count == 0 ? this : this with
    {
        Sets = [.. Sets, "the run's poison"],
        Prompts = [.. Prompts, .. more.Select((text, i) => new PromptItem { Id = FormattableString.Invariant($"poison-{i}"), Prompt = text })],
    };
}
