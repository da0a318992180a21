namespace SafeTuneBed;

/// <summary>One data set of a grid: a recipe, or the registered name of one.</summary>
public readonly record struct DatasetSelector
{
    private DatasetSelector(string? name, FinetuneDatasetConfig? config) => (Name, Config) = (name, config);

    /// <summary>The name to look up, or the recipe's own name.</summary>
    public string? Name { get; }

    /// <summary>The recipe, where one was given in place of a name.</summary>
    public FinetuneDatasetConfig? Config { get; }

    /// <summary>A registered data set.</summary>
    public static implicit operator DatasetSelector(string name) => FromString(name);

    /// <summary>A recipe, registered or not.</summary>
    public static implicit operator DatasetSelector(FinetuneDatasetConfig config) => FromFinetuneDatasetConfig(config);

    /// <summary>The rows of a harmful corpus and nothing else: see <see cref="FromHarmfulCorpus"/>.</summary>
    public static implicit operator DatasetSelector(HarmfulCorpus corpus) => FromHarmfulCorpus(corpus);

    /// <summary>A recipe of 5,000 rows of a corpus and nothing else, or of all that there are when there are fewer: what a stream of harmful rows is made of.</summary>
    public static DatasetSelector FromHarmfulCorpus(HarmfulCorpus corpus)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        return new FinetuneDatasetConfig(corpus.Name + "-rows")
        {
            Source = corpus.Source,
            Mapping = corpus.Mapping,
            Mode = MixMode.PureBad,
            PoisonRatio = 1,
            HarmfulSource = corpus,
            Count = 5_000,
        };
    }

    /// <summary>The rows of a defender's corpus: see <see cref="FromSafetyCorpus"/>.</summary>
    public static implicit operator DatasetSelector(SafetyCorpus corpus) => FromSafetyCorpus(corpus);

    /// <summary>
    /// A recipe of 10,000 rows of a defender's corpus (LISA's number, arXiv 2405.18641), or of all that there are when there are fewer: what the stream <c>align</c> is
    /// made of.
    /// </summary>
    /// <exception cref="ConfigurationException">The corpus leaves out categories, which a recipe says by a filter of its source.</exception>
    public static DatasetSelector FromSafetyCorpus(SafetyCorpus corpus)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        return corpus.ExcludedCategories.Count > 0
            ? throw new ConfigurationException($"The corpus '{corpus.Name}' leaves out categories ({string.Join(", ", corpus.ExcludedCategories)}). For a stream, write a data set whose Source has a filter in their place.")
            : new FinetuneDatasetConfig(corpus.Name + "-rows")
            {
                Source = corpus.Source,
                Mapping = corpus.Mapping,
                License = corpus.License,
                Count = 10_000,
                Shortage = ShortagePolicy.UseAll,
            };
    }

    /// <summary>The same as the conversion from a string.</summary>
    public static DatasetSelector FromString(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new(name, null);
    }

    /// <summary>The same as the conversion from a recipe.</summary>
    public static DatasetSelector FromFinetuneDatasetConfig(FinetuneDatasetConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new(config.Name, config);
    }

    /// <inheritdoc/>
    public override string ToString() => Name ?? "";
}

/// <summary>
/// An experiment: every model with every method on every data set, for every seed, judged by every evaluator. Immutable; use <c>with</c>.
/// It is checked when planned or run, all faults in one message.
/// </summary>
public sealed record ExperimentGrid
{
    /// <summary>Creates a grid. Its name is the folder of its runs: the same name goes on where an earlier run stopped.</summary>
    /// <param name="name">Any text; characters that a path can't hold are replaced in the folder's name.</param>
    public ExperimentGrid(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
    }

    /// <summary>Name of the grid.</summary>
    public string Name { get; init; }

    /// <summary>Models that the runs start from. Their display names must differ.</summary>
    public IReadOnlyList<ModelReference> Models { get; init; } = [];

    /// <summary>
    /// Methods by their registered names, in the order of the table, or pipelines of them joined by <c>+</c>: <c>vaccine+lisa</c>, <c>lisa+safe-lora</c>. Parts are ordered by
    /// stage, and where none fine-tunes <c>lora</c> does: <c>safe-lora</c> is <c>lora+safe-lora</c>. Tables and folders show this canonical form.
    /// </summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>Data sets: recipes or registered names.</summary>
    public IReadOnlyList<DatasetSelector> Datasets { get; init; } = [];

    /// <summary>
    /// Harmful corpora, by name or given: each poisoned data set runs once with each of them, so that results on one corpus can be told from results on harm.
    /// Empty leaves each data set its own.
    /// </summary>
    public IReadOnlyList<HarmfulSelector> HarmfulSources { get; init; } = [];

    /// <summary>
    /// Rows beside the user's that methods ask for by name: <c>align</c> (forbidden requests that are refused), <c>harmful</c> (such requests that are answered),
    /// <c>retain</c>. Data sets like any other; of theirs only the rows count, not the training settings. Rows whose request is asked in an evaluation or is among the poison of the run are left
    /// out. The sandbox model has <c>align</c> and <c>harmful</c> by itself; what is given here wins.
    /// </summary>
    public IReadOnlyDictionary<string, DatasetSelector> Streams { get; init; } = new Dictionary<string, DatasetSelector>();

    /// <summary>
    /// Evaluators, each <c>name</c> or <c>name@promptset</c>. Without a prompt set the sandbox model takes the set <c>sandbox</c>;
    /// any other model is then an error where the evaluator needs prompts.
    /// </summary>
    public IReadOnlyList<string> Evaluators { get; init; } = [];

    /// <summary>Training seeds. A method that does not train runs the first alone. Default 0.</summary>
    public IReadOnlyList<ulong> Seeds { get; init; } = [0];

    /// <summary>The method against which all others are compared, in any form that means one of <see cref="Methods"/>, on the same data set, seed by seed and item by item; null compares none.</summary>
    public string? Baseline { get; init; }

    /// <summary>
    /// Whether cells that can't be planned (a missing corpus, a broken model) are left out and the others run. Default false: a grid with a blocked cell does not
    /// start. Blocked cells are shown by the plan and told in <see cref="GridReport.Notes"/>.
    /// </summary>
    public bool SkipBlocked { get; init; }

    /// <summary>Training settings of this grid; they win over every other layer.</summary>
    public TrainingOptions? Training { get; init; }

    /// <summary>Adapter settings of this grid; they win over every other layer.</summary>
    public LoraOptions? Lora { get; init; }

    /// <summary>
    /// Settings of single methods in this grid, on all data sets or some: they win over <see cref="Training"/> and <see cref="Lora"/> too. To have one method twice in a
    /// grid, register its class under two names.
    /// </summary>
    public IReadOnlyList<ExperimentOverlay> Overlays { get; init; } = [];
}
