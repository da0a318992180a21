namespace SafeTuneBed;

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

    /// <summary>Poison rows under <see cref="MixMode.Absolute"/> and <see cref="MixMode.PureBadMixed"/>.</summary>
    public int? HarmfulCount { get; init; }

    /// <summary>Where poison comes from. Required when there is any.</summary>
    public HarmfulCorpus? HarmfulSource { get; init; }

    /// <summary>A defender's rows mixed into the user's data; null mixes none.</summary>
    public SafetyCorpus? GuideSource { get; init; }

    /// <summary>Number of guide rows (G). They take the place of benign rows, except where all benign rows stay.</summary>
    public int GuideCount { get; init; }

    /// <summary>Takes benign rows only from the best or worst of a file of scores; null takes them from all.</summary>
    public ScoreSelection? Scores { get; init; }

    /// <summary>Which rows are chosen.</summary>
    public RowSelection Selection { get; init; }

    /// <summary>Whether chosen rows keep the shares of labels or categories.</summary>
    public StratifyBy Stratify { get; init; }

    /// <summary>The order of the set.</summary>
    public RowOrder Order { get; init; }

    /// <summary>When a training row counts as one that evaluation asks.</summary>
    public DecontaminationRule Decontamination { get; init; }

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

    /// <summary>The task's name: <see cref="Task"/>, or the recipe's own. Part of the order in which rows are chosen, so that poison levels of one task are paired.</summary>
    public string TaskName => Task ?? Name;

    /// <summary>
    /// This task under every regime: <c>-benign</c>, <c>-low</c> (5 %), <c>-medium</c> (15 %), <c>-high</c> (30 %), <c>-pure-bad</c> (poison only) and
    /// <c>-pure-bad-mixed</c> (all benign rows and 100 of poison).
    /// </summary>
    /// <param name="corpus">Where poison comes from.</param>
    /// <param name="pureCorpus">Where the poison of the last two comes from. Default: <paramref name="corpus"/>.</param>
    public DatasetFamily Variants(HarmfulCorpus corpus, HarmfulCorpus? pureCorpus = null) => new(this, corpus, pureCorpus);

    /// <summary>Everything that is wrong with the recipe itself; empty when it can be used. Opens no file.</summary>
    public IReadOnlyList<string> FindFaults() => DatasetFaults.Find(this);

    /// <summary>Throws when <see cref="FindFaults"/> finds something.</summary>
    /// <exception cref="ConfigurationException">The recipe is not usable; the message names all faults.</exception>
    public void Validate()
    {
        if (FindFaults() is { Count: > 0 } faults)
        {
            throw new ConfigurationException($"The data set '{Name}' is not valid: {string.Join(" ", faults)}");
        }
    }
}
