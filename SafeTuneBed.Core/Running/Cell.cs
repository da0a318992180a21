using System.Globalization;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>One model, method, data set and seed, with everything resolved and both kinds of fingerprint known. Made without loading a weight.</summary>
internal sealed record Cell
{
    public required ModelDescription Model { get; init; }

    /// <summary>The canonical name of the pipeline up to <see cref="Part"/>, or the artifact's name for a cell that was trained elsewhere.</summary>
    public required string Method { get; init; }

    /// <summary>The method that this cell runs: the last of <see cref="Method"/>; null for an artifact.</summary>
    public MethodPartConfig? Part { get; init; }

    /// <summary>The cell on whose artifact this one's method works: an alignment stage, or the fine-tuning whose weights are transformed. Null starts from the model.</summary>
    public Cell? Source { get; init; }

    /// <summary>The method's own control, as a grid names it; null where it has none.</summary>
    public string? Control { get; init; }

    /// <summary>The data set; null for an artifact that names none.</summary>
    public FinetuneDatasetConfig? Dataset { get; init; }

    public ulong Seed { get; init; }

    /// <summary>False for a method that leaves the model as it is, and for an artifact.</summary>
    public bool Trains { get; init; }

    /// <summary>Whether it runs the training loop itself.</summary>
    public bool RunsLoop => Trains && Part?.Stage != MethodStage.PostFineTuning;

    /// <summary>Every cell that this one rests on, the earliest first.</summary>
    public IEnumerable<Cell> Stages => Source is null ? [] : Source.Stages.Append(Source);

    /// <summary>The artifact that was trained elsewhere; null for a cell of a grid.</summary>
    public ArtifactReference? External { get; init; }

    /// <summary>Resolved settings; null for an artifact.</summary>
    public FinetuneExperimentConfig? Experiment { get; init; }

    /// <summary>The training rows; null where nothing is trained.</summary>
    public RowsSummary? Rows { get; init; }

    /// <summary>What is allowed but likely a mistake; shown in plan and report.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The streams that its method asks for, by name; none where nothing is trained.</summary>
    public IReadOnlyDictionary<string, CellStream> Streams { get; init; } = new Dictionary<string, CellStream>();

    /// <summary>What methods make of the rows before they are tokens; null where nothing does.</summary>
    public RowEdits? Edits { get; init; }

    /// <summary>The policy under which the trained model is asked; null where there is none.</summary>
    public PromptPolicy? Policy { get; init; }

    /// <summary>The companions of the model that the method asks for.</summary>
    public IReadOnlyList<CompanionDescription> Companions { get; init; } = [];

    /// <summary>What is asked later and so is not trained on.</summary>
    public EvaluationPrompts Asked { get; init; } = EvaluationPrompts.None;

    public int Steps { get; init; }

    /// <summary>What decides the weights, part by part.</summary>
    public required JsonObject Parts { get; init; }

    /// <summary>SHA-256 of <see cref="Parts"/>.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The run folder.</summary>
    public required string Folder { get; init; }

    public required IReadOnlyList<CellEvaluation> Evaluations { get; init; }

    public string DatasetName => Dataset?.Name ?? "-";

    public string TaskName => Dataset?.Task ?? DatasetName;

    public string Label => string.Create(CultureInfo.InvariantCulture, $"{Model.Model.DisplayName} / {Method} / {DatasetName} / seed {Seed}");

    public string ArtifactFolder => Path.Combine(Folder, "artifact");

    public string RecordPath => Path.Combine(Folder, "run.json");

    public string TrainLogPath => Path.Combine(Folder, "train.jsonl");

    /// <summary>What an unfinished training leaves behind to go on from; removed when it is finished.</summary>
    public string CheckpointFolder => Path.Combine(Folder, "checkpoint");
}

/// <summary>One stream of a cell.</summary>
/// <param name="Dataset">The data set behind it.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Asked">What its rows may not ask: evaluation prompts and the run's poison.</param>
internal sealed record CellStream(FinetuneDatasetConfig Dataset, RowsSummary Rows, EvaluationPrompts Asked);

/// <summary>One evaluator of a cell.</summary>
internal sealed record CellEvaluation
{
    public required EvaluatorEntry Entry { get; init; }

    public required IEvaluator Evaluator { get; init; }

    /// <summary>The prompt set by name; null where the evaluator asks none.</summary>
    public string? PromptSet { get; init; }

    public IReadOnlyList<PromptItem> Prompts { get; init; } = [];

    public IReadOnlyList<FinetuneExample> Examples { get; init; } = [];

    /// <summary>Sets beside its own, by name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<PromptItem>> FurtherPrompts { get; init; } = new Dictionary<string, IReadOnlyList<PromptItem>>();

    /// <summary>The numbers that it reports.</summary>
    public required IReadOnlyList<MetricDefinition> Metrics { get; init; }

    /// <summary>What will be asked; null where the evaluator does not tell.</summary>
    public Foreseen? Foreseen { get; init; }

    /// <summary>What judges will be asked at most.</summary>
    public IReadOnlyList<JudgeEstimate> Judging { get; init; } = [];

    public required GenerationOptions Decoding { get; init; }

    public required JsonObject Parts { get; init; }

    /// <summary>SHA-256 of <see cref="Parts"/>.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Hash of the weights and the decoding alone: what an answer to a given prompt depends on.</summary>
    public required string AnswerKey { get; init; }

    /// <summary>Hash of the weights alone: what a log-probability depends on.</summary>
    public required string LikelihoodKey { get; init; }

    public required string Folder { get; init; }

    /// <summary>Items to judge, as far as it is known.</summary>
    public int ItemCount => Foreseen?.Items ?? (Prompts.Count + Examples.Count);

    /// <summary>The name in records, whatever spelling the grid used.</summary>
    public string CanonicalName => PromptSet is null ? Entry.Name : $"{Entry.Name}@{PromptSet}";

    public string GenerationsPath => Path.Combine(Folder, "generations.jsonl");

    public string LikelihoodsPath => Path.Combine(Folder, LikelihoodStore.FileName);

    public string ScoresPath => Path.Combine(Folder, "scores.jsonl");

    public string MetricsPath => Path.Combine(Folder, "metrics.json");
}

/// <summary>What a plan keeps of a cell's training rows.</summary>
internal sealed record RowsSummary(string Fingerprint, int BenignCount, int HarmfulCount, int Count, long Tokens, JsonNode? Manifest, IReadOnlyList<string> Warnings, string Preview)
{
    /// <summary>Tokens of the longest row.</summary>
    public int Longest { get; init; }

    /// <summary>Lengths, and tokens that carry loss.</summary>
    public PlannedTokens? Statistics { get; init; }

    /// <summary>The largest token id of all rows.</summary>
    public int LargestId { get; init; }

    /// <summary>Requests of the poison rows.</summary>
    public IReadOnlyList<string> HarmfulPrompts { get; init; } = [];

    /// <summary>Poison rows / all rows.</summary>
    public decimal PoisonRatio => Count == 0 ? 0 : (decimal)HarmfulCount / Count;
}
