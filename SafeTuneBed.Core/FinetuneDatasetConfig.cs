namespace SafeTuneBed;

/// <summary>How poison and benign rows are counted.</summary>
public enum MixMode
{
    /// <summary>The total is fixed: poison replaces benign rows (default).</summary>
    Replace,

    /// <summary>All benign rows stay; poison is added until it has its share.</summary>
    Add,

    /// <summary>The number of poison rows is given (<see cref="FinetuneDatasetConfig.HarmfulCount"/>).</summary>
    Absolute,

    /// <summary>Poison only.</summary>
    PureBad,
}

/// <summary>What happens when a corpus holds too few rows. Never silent.</summary>
public enum ShortagePolicy
{
    /// <summary>Stop with <see cref="InsufficientRecordsException"/> (default).</summary>
    Throw,

    /// <summary>Use what there is; the manifest states the shortfall and the realised ratio.</summary>
    UseAll,

    /// <summary>Repeat rows; the manifest says so.</summary>
    WithReplacement,
}

/// <summary>What happens to rows longer than the maximum length.</summary>
public enum LengthPolicy
{
    /// <summary>Such rows are left out before selection, so counts stay exact (default).</summary>
    ExcludeBeforeSelection,

    /// <summary>The input field is cut from its end; instruction and answer stay whole.</summary>
    TruncateInput,

    /// <summary>The answer is cut; its end token is lost and the row is flagged.</summary>
    TruncateTarget,

    /// <summary>Stop with an error.</summary>
    Throw,
}

/// <summary>How a task answer is compared with the gold answer.</summary>
public enum AnswerRule
{
    /// <summary>The trimmed texts are equal.</summary>
    Exact,

    /// <summary>The first label word in the answer is the gold label.</summary>
    Label,

    /// <summary>The number after the last "answer is:" (or the last number) is equal.</summary>
    FinalNumber,

    /// <summary>As <see cref="Exact"/>, after leaving out an opener such as "Sure." from both texts.</summary>
    ExactWithoutOpener,
}

/// <summary>
/// The recipe of one fine-tuning set: where rows come from, how many, how much of them is poison. Immutable (use <c>with</c>);
/// a recipe and a seed decide every row and their order, on any machine.
/// </summary>
/// <remarks>
/// With <c>N</c> rows and ratio <c>r</c>: H = round-half-away(r N) poison rows, N - H - G benign rows. Rows are chosen by hash order, so that for
/// one seed the poison of a lower ratio is a subset of the poison of a higher one: conditions are paired.
/// </remarks>
public sealed record FinetuneDatasetConfig
{
    /// <summary>Creates a recipe named in lower-kebab, such as <c>sst2-high</c>.</summary>
    public FinetuneDatasetConfig(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
    }

    /// <summary>Registered name, lower-kebab.</summary>
    public string Name { get; init; }

    /// <summary>Name of the task shared by all its poison levels (<c>sst2</c>); decides which recipes a plot puts on one line. Default: <see cref="Name"/>.</summary>
    public string? Task { get; init; }

    /// <summary>Where the task's training rows are.</summary>
    public required DatasetSource Source { get; init; }

    /// <summary>How a record becomes instruction, input and output.</summary>
    public required RecordMapping Mapping { get; init; }

    /// <summary>Rows in all (N); null takes every benign row.</summary>
    public int? Count { get; init; }

    /// <summary>Share of poison, 0 to 1.</summary>
    public decimal PoisonRatio { get; init; }

    /// <summary>How the share is counted.</summary>
    public MixMode Mode { get; init; }

    /// <summary>Poison rows under <see cref="MixMode.Absolute"/>.</summary>
    public int? HarmfulCount { get; init; }

    /// <summary>Where poison comes from. Required when there is any.</summary>
    public HarmfulCorpus? HarmfulSource { get; init; }

    /// <summary>What happens when a corpus is too small.</summary>
    public ShortagePolicy Shortage { get; init; }

    /// <summary>What happens to rows longer than the maximum length.</summary>
    public LengthPolicy Length { get; init; }

    /// <summary>Whether training prompts may also be evaluation prompts. Default false: such rows are left out, and counted.</summary>
    public bool AllowEvaluationOverlap { get; init; }

    /// <summary>The task's evaluation rows; null when the task has none.</summary>
    public DatasetSource? Evaluation { get; init; }

    /// <summary>Mapping of the evaluation rows. Default: <see cref="Mapping"/>.</summary>
    public RecordMapping? EvaluationMapping { get; init; }

    /// <summary>How an answer is compared with the gold answer.</summary>
    public AnswerRule Answer { get; init; }

    /// <summary>Label words of a classification task, in label order.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Most new tokens of a task answer. Default 512.</summary>
    public int MaxNewTokens { get; init; } = 512;

    /// <summary>Training template: <c>chat</c> (the model's own), <c>alpaca</c> or <c>raw</c>. Null: the model reference's, else <c>chat</c>, else <c>raw</c>.</summary>
    public string? Template { get; init; }

    /// <summary>How instruction and input are joined to one user message where a template has no place for an input.</summary>
    public InputPlacement InputPlacement { get; init; }

    /// <summary>The task recipe's training settings.</summary>
    public TrainingOptions? Training { get; init; }

    /// <summary>The task recipe's adapter settings.</summary>
    public LoraOptions? Lora { get; init; }

    /// <summary>Licence of the task's data.</summary>
    public DataLicense? License { get; init; }
}

/// <summary>Where the input goes in one user message.</summary>
public enum InputPlacement
{
    /// <summary>Instruction, newline, input (default).</summary>
    AfterInstruction,

    /// <summary>Input, blank, instruction.</summary>
    BeforeInstruction,
}

/// <summary>A corpus of harmful rows: forbidden requests with compliant answers.</summary>
/// <param name="Name">Registered name, such as <c>beavertails</c>.</param>
/// <param name="Source">Where the rows are.</param>
/// <param name="Mapping">How a record becomes request and answer.</param>
public sealed record HarmfulCorpus(string Name, DatasetSource Source, RecordMapping Mapping)
{
    /// <summary>Licence of the corpus.</summary>
    public DataLicense? License { get; init; }
}

/// <summary>Licence of a corpus, repeated in each run's record.</summary>
/// <param name="Id">SPDX-like id, such as <c>CC-BY-NC-4.0</c>.</param>
/// <param name="RequiresConsent">Whether <c>AcceptLicenses</c> must name the corpus first.</param>
public sealed record DataLicense(string Id, bool RequiresConsent = false);

/// <summary>A set of evaluation prompts.</summary>
/// <param name="Name">Registered name, the part after @ in a grid entry.</param>
/// <param name="Source">Where the prompts are.</param>
/// <param name="Mapping">How a record becomes a prompt (the mapping's instruction); other columns become the item's fields.</param>
public sealed record PromptSetConfig(string Name, DatasetSource Source, RecordMapping Mapping)
{
    /// <summary>Most new tokens of an answer; null leaves it to the evaluator.</summary>
    public int? MaxNewTokens { get; init; }
}
