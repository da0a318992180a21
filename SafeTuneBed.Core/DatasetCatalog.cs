using SafeTuneBed.Data;
using SafeTuneBed.Models;
using SafeTuneBed.Models.Families;
using SafeTuneBed.Running;
using SafeTuneBed.Sandbox;
using SafeTuneBed.Text;

namespace SafeTuneBed;

/// <summary>Makes the encoder of one model and recipe.</summary>
internal delegate IExampleEncoder ExampleEncoderFactory(ModelTokenizer tokenizer, PromptTemplate template, int maxLength, FinetuneDatasetConfig config);

/// <summary>The data sets and prompt sets that a bed knows, and the way from a recipe to rows. Files are read once and kept. Thread-safe.</summary>
public sealed class DatasetCatalog
{
    /// <summary>Tasks that have another name in the Python SafeTuneBed.</summary>
    private static readonly (string There, string Here)[] PythonTasks = [("dialog-summary-", "samsum-"), ("sql-gen-", "sqlgen-")];

    private readonly Dictionary<string, FinetuneDatasetConfig> datasets;
    private readonly Dictionary<string, PromptSetConfig> promptSets;
    private readonly Dictionary<string, HarmfulCorpus> corpora;
    private readonly CorpusStore store;
    private readonly RecipeReader recipes;
    private readonly DatasetBuilder builder;
    private readonly ExampleEncoderFactory createEncoder;
    private readonly BedSettings settings;
    private readonly TimeProvider? time;

    internal DatasetCatalog(
        IEnumerable<DatasetRegistration> datasets, IEnumerable<PromptSetRegistration> promptSets, BedSettings settings, ExampleEncoderFactory? createEncoder = null,
        IEnumerable<HarmfulCorpusRegistration>? corpora = null, TimeProvider? time = null)
    {
        this.time = time;
        this.corpora = corpora?.ToDictionary(c => c.Name, c => c.Corpus, StringComparer.Ordinal) ?? [];
        this.settings = settings;
        this.datasets = datasets.ToDictionary(d => d.Name, d => d.Dataset, StringComparer.Ordinal);
        this.promptSets = promptSets.ToDictionary(p => p.Name, p => p.PromptSet, StringComparer.Ordinal);
        this.createEncoder = createEncoder
            ?? ((tokenizer, template, maxLength, config) => new ExampleEncoder(template, tokenizer.Fingerprint, config.InputPlacement, maxLength, config.Length));
        store = new CorpusStore(new SourceResolver(settings.DataRoots, () => SandboxFolder.Resolve(settings.SandboxFolder).Data));
        recipes = new RecipeReader(store, settings.AcceptedLicenses);
        builder = new DatasetBuilder(store, recipes, settings.TokenFolder is { } folder ? new TokenCache(folder) : null);
    }

    /// <summary>Registered data sets, in order of registration.</summary>
    public IReadOnlyList<string> DatasetNames => [.. datasets.Keys];

    /// <summary>Registered prompt sets, in order of registration.</summary>
    public IReadOnlyList<string> PromptSetNames => [.. promptSets.Keys];

    /// <summary>The recipe with this name; the Python spelling works too (<c>SST2_HIGH_HARM</c> is <c>sst2-high</c>).</summary>
    /// <exception cref="ConfigurationException">There is none; the message names the nearest.</exception>
    public FinetuneDatasetConfig Get(string name) => Find(name)
        ?? throw new ConfigurationException($"There is no data set '{name}'.{NearestName.Hint(name, DatasetNames)} Others are registered with AddDatasets.");

    /// <summary>The prompt set with this name.</summary>
    /// <exception cref="ConfigurationException">There is none; the message names the nearest.</exception>
    public PromptSetConfig GetPromptSet(string name) => FindPromptSet(name)
        ?? throw new ConfigurationException($"There is no prompt set '{name}'.{NearestName.Hint(name, PromptSetNames)} Others are registered with AddPromptSets.");

    /// <summary>Registered harmful corpora, in order of registration.</summary>
    public IReadOnlyList<string> HarmfulCorpusNames => [.. corpora.Keys];

    /// <summary>The harmful corpus with this name.</summary>
    /// <exception cref="ConfigurationException">There is none; the message names the nearest.</exception>
    public HarmfulCorpus GetHarmfulCorpus(string name) => corpora.GetValueOrDefault(name)
        ?? throw new ConfigurationException($"There is no harmful corpus '{name}'.{NearestName.Hint(name, HarmfulCorpusNames)} Others are registered with AddHarmfulCorpora.");

    /// <summary>As <see cref="Get"/>; null when there is none.</summary>
    internal FinetuneDatasetConfig? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return datasets.GetValueOrDefault(name) ?? datasets.GetValueOrDefault(FromPython(name));
    }

    /// <summary>As <see cref="GetPromptSet"/>; null when there is none.</summary>
    internal PromptSetConfig? FindPromptSet(string name) => promptSets.GetValueOrDefault(name);

    /// <summary>The exact counts that a recipe asks for, without opening a file. Null when it takes all rows of a file, whose number only the file knows.</summary>
    /// <exception cref="ConfigurationException">The recipe is not valid.</exception>
    public CountPlan? Plan(FinetuneDatasetConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        int? count = config.Count ?? (config.Mode == MixMode.PureBad ? CountPlan.DefaultPureBad : null);
        return count is { } known ? CountPlan.Compute(config.Mode, known, config.PoisonRatio, config.HarmfulCount, config.GuideCount) : null;
    }

    /// <summary>The exact counts of some recipes, without opening a file.</summary>
    /// <exception cref="ConfigurationException">A recipe is not valid.</exception>
    public CountTable CountTable(IEnumerable<FinetuneDatasetConfig> datasets)
    {
        ArgumentNullException.ThrowIfNull(datasets);
        return new CountTable([.. datasets.Select(d => new CountRow(d.Name, d.Mode, d.PoisonRatio, Plan(d), DatasetFaults.HasPoison(d) ? d.HarmfulSource?.Name : null))]);
    }

    /// <summary>The exact counts of a grid's data sets, each with each of its harmful sources, without opening a file or a model.</summary>
    /// <exception cref="ConfigurationException">A name is unknown, or a recipe is not valid.</exception>
    public CountTable CountTable(ExperimentGrid grid)
    {
        ArgumentNullException.ThrowIfNull(grid);
        return CountTable(HarmfulAxis.Expand(grid, this).Datasets.Select(d => d.Config ?? Get(d.Name ?? "")));
    }

    /// <summary>
    /// Rows of a defender's corpus, for a stage of alignment: chosen by the same rule as training rows, so that the same seed gives the same rows on every machine.
    /// </summary>
    /// <param name="corpus">The corpus.</param>
    /// <param name="count">Rows to choose.</param>
    /// <param name="seed">Decides which, and their order.</param>
    /// <param name="excludedPrompts">Requests that no row may ask: those of the evaluation and of the attacker.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="SafeTuneBedException">The file is missing, damaged, under a licence not accepted, or has too few rows.</exception>
    public Task<IReadOnlyList<FinetuneExample>> SelectAsync(
        SafetyCorpus corpus, int count, ulong seed, IReadOnlyCollection<string>? excludedPrompts = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return builder.SelectAsync(corpus, count, seed, excludedPrompts ?? [], cancellationToken);
    }

    /// <summary>Everything that can be known to be wrong without reading rows: the recipe itself, licences, missing files. Empty when nothing is.</summary>
    public IReadOnlyList<SafeTuneBedException> FindFaults(FinetuneDatasetConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var faults = new List<SafeTuneBedException>();
        Collect(faults, config.Validate);
        if (!Registration.IsName(config.Name))
        {
            faults.Add(new ConfigurationException($"'{config.Name}' is not a name: use lower-case letters, digits and single hyphens, such as 'med-qa-high'."));
        }

        Collect(faults, () => recipes.CheckLicenses(config));
        if (RecipeReader.NeedsBenign(config))
        {
            Collect(faults, () => store.Resolve(config.Source, RecipeReader.Owner(config)));
        }

        if (RecipeReader.NeedsHarmful(config) && config.HarmfulSource is { } pool)
        {
            Collect(faults, () => store.Resolve(pool.Source, RecipeReader.Owner(pool)));
        }

        if (config.GuideSource is { } guide)
        {
            Collect(faults, () => store.Resolve(guide.Source, RecipeReader.Owner(guide)));
        }

        if (config.Scores is { } scores)
        {
            Collect(faults, () => store.Resolve(scores.Source, RecipeReader.ScoresOwner(config)));
        }

        if (config.Evaluation is { } evaluation)
        {
            Collect(faults, () => store.Resolve(evaluation, RecipeReader.EvaluationOwner(config)));
        }

        return faults;
    }

    /// <summary>A missing file of a prompt set; empty when it is there.</summary>
    public IReadOnlyList<SafeTuneBedException> FindFaults(PromptSetConfig promptSet)
    {
        ArgumentNullException.ThrowIfNull(promptSet);
        var faults = new List<SafeTuneBedException>();
        Collect(faults, () => recipes.CheckLicense(promptSet.Name, promptSet.License, Owner(promptSet)));
        Collect(faults, () => PromptItems.CheckTransforms(promptSet));
        Collect(faults, () => store.Resolve(promptSet.Source, Owner(promptSet)));
        return faults;
    }

    /// <summary>Reads the files and counts: formats, columns, eligible rows. Needs no tokenizer, so rows too long for a model are not left out yet.</summary>
    /// <param name="config">The recipe.</param>
    /// <param name="evaluationPrompts">Requests of the run's prompt sets; the task's own evaluation rows always count.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="SafeTuneBedException">The set can't be made; the message says why and what to do.</exception>
    public Task<DatasetCheck> ValidateAsync(FinetuneDatasetConfig config, IReadOnlyCollection<string>? evaluationPrompts = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        return builder.CheckAsync(config, evaluationPrompts ?? [], cancellationToken);
    }

    /// <summary>
    /// Loads, filters, mixes, renders, masks, as a grid does for this model: with its tokenizer, and under the reference's template, else the recipe's, else the
    /// model's own chat template, else <c>raw</c>. The same recipe, seed and files give the same rows on every machine. Reads no weight.
    /// </summary>
    /// <param name="config">The recipe.</param>
    /// <param name="seed">Decides which rows are chosen, and their order.</param>
    /// <param name="model">A model folder or reference; a text converts to one.</param>
    /// <param name="maxLength">Longest row in tokens. Null: the recipe's <c>MaxLength</c> or the bed's, 2,048 without either. Never more than the model's context.</param>
    /// <param name="evaluationPrompts">Requests of the run's prompt sets, as a user would type them: training rows that ask one are left out. The task's own evaluation rows always count.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="SafeTuneBedException">The model's folder or the set can't be used; the message says why and what to do.</exception>
    public Task<PreparedDataset> GetDatasetAsync(
        FinetuneDatasetConfig config,
        ulong seed,
        ModelReference model,
        int? maxLength = null,
        IReadOnlyCollection<string>? evaluationPrompts = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(model);
        string folder = ModelFolder.Of(model, settings);
        return GetDatasetAsync(config, seed, ModelTokenizer.Load(folder), model.Template ?? config.Template, folder, maxLength, evaluationPrompts, cancellationToken);
    }

    /// <summary>As above, for a tokenizer that <see cref="ModelTokenizer.Load"/> read; its folder's chat template is found by itself.</summary>
    /// <param name="config">The recipe.</param>
    /// <param name="seed">Decides which rows are chosen, and their order.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="maxLength">Longest row in tokens; null as above.</param>
    /// <param name="evaluationPrompts">Requests of the run's prompt sets; training rows that ask one are left out.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="SafeTuneBedException">The set can't be made; the message says why and what to do.</exception>
    public Task<PreparedDataset> GetDatasetAsync(
        FinetuneDatasetConfig config,
        ulong seed,
        ModelTokenizer tokenizer,
        int? maxLength = null,
        IReadOnlyCollection<string>? evaluationPrompts = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(tokenizer);
        return tokenizer.Folder is { } folder
            ? GetDatasetAsync(config, seed, tokenizer, config.Template, folder, maxLength, evaluationPrompts, cancellationToken)
            : throw new ConfigurationException("This tokenizer was not read from a model's folder, so no chat template is known. Load it with ModelTokenizer.Load, or name the template and the longest length too.");
    }

    /// <summary>Loads, filters, mixes, renders, masks under a template at hand.</summary>
    /// <param name="config">The recipe.</param>
    /// <param name="seed">Decides which rows are chosen, and their order.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">How rows become text.</param>
    /// <param name="maxLength">Longest row in tokens.</param>
    /// <param name="evaluationPrompts">Requests of the run's prompt sets, as a user would type them: training rows that ask one are left out. The task's own evaluation rows always count.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="SafeTuneBedException">The set can't be made; the message says why and what to do.</exception>
    public async Task<PreparedDataset> GetDatasetAsync(
        FinetuneDatasetConfig config,
        ulong seed,
        ModelTokenizer tokenizer,
        PromptTemplate template,
        int maxLength,
        IReadOnlyCollection<string> evaluationPrompts,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(evaluationPrompts);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 2);
        var text = new ManifestText(
            template.Id, template.Fingerprint, tokenizer.Fingerprint, tokenizer.VocabularySize, tokenizer.BosId, tokenizer.EosId, tokenizer.PadId)
        {
            Tokenizer = tokenizer.Folder is { } home ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(home))) : null,
            EmbeddingRows = tokenizer.Folder is { } model && File.Exists(Path.Combine(model, ModelConfig.FileName)) ? ModelFamilies.Describe(model).VocabularySize : null,
        };
        PreparedDataset prepared = await builder.BuildAsync(
            config, seed, createEncoder(tokenizer, template, maxLength, config), text, maxLength, evaluationPrompts, cancellationToken).ConfigureAwait(false);
        return new PreparedDataset(prepared.Examples, prepared.Tokenized, prepared.Manifest with { CreatedUtc = time?.GetUtcNow() }) { Tokenizer = tokenizer };
    }

    /// <summary>Rows at hand as tokens; null for one that is too long under the recipe's policy.</summary>
    internal IEnumerable<(FinetuneExample Text, TokenizedExample? Tokens)> Encode(IEnumerable<FinetuneExample> rows, FinetuneDatasetConfig config, ModelTokenizer tokenizer, PromptTemplate template, int maxLength)
    {
        IExampleEncoder encoder = createEncoder(tokenizer, template, maxLength, config);
        return rows.Select(r => (r, encoder.Encode(r).Tokens));
    }

    /// <summary>The files that a recipe reads.</summary>
    internal Task<IReadOnlyList<PlannedFile>> FilesAsync(FinetuneDatasetConfig config, bool read, CancellationToken cancellationToken) => recipes.FilesAsync(config, read, cancellationToken);

    /// <summary>
    /// Hash of everything that decides the rows before a tokenizer does: recipe, seed, file contents, and the rows that evaluation prompts remove.
    /// An evaluation prompt that meets no row changes nothing.
    /// </summary>
    public Task<string> GetFingerprintAsync(
        FinetuneDatasetConfig config, ulong seed, IReadOnlyCollection<string>? evaluationPrompts = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        return builder.FingerprintAsync(config, seed, evaluationPrompts ?? [], cancellationToken);
    }

    /// <summary>The prompts of a set, in file order. An item's id is its <c>id</c> column, else set name and position.</summary>
    /// <exception cref="SafeTuneBedException">The file is missing or damaged, has no prompt, or an id occurs twice.</exception>
    public async Task<IReadOnlyList<PromptItem>> LoadPromptsAsync(PromptSetConfig promptSet, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(promptSet);
        recipes.CheckLicense(promptSet.Name, promptSet.License, Owner(promptSet));
        PromptItems.CheckTransforms(promptSet);
        Corpus rows = await store.LoadAsync(
            promptSet.Source, promptSet.Mapping, promptSet.Name, ExampleRole.Benign, true, Owner(promptSet), cancellationToken).ConfigureAwait(false);
        return PromptItems.Of(rows, promptSet.Transforms);
    }

    /// <summary>The evaluation rows of a task, in file order, with all their columns as fields; empty where the task has no evaluation.</summary>
    /// <exception cref="SafeTuneBedException">The file is missing or damaged.</exception>
    public Task<IReadOnlyList<FinetuneExample>> LoadEvaluationAsync(FinetuneDatasetConfig config, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        return recipes.ReadEvaluationAsync(config, cancellationToken);
    }

    private Task<PreparedDataset> GetDatasetAsync(
        FinetuneDatasetConfig config, ulong seed, ModelTokenizer tokenizer, string? template, string folder, int? maxLength, IReadOnlyCollection<string>? evaluationPrompts, CancellationToken cancellationToken)
    {
        TrainingConfig training = SettingLayers.Resolve<TrainingOptions, TrainingConfig>(
            "Training",
            [(SettingLayers.Recipe, config.Training), (SettingLayers.Configuration, settings.ConfiguredTraining), (SettingLayers.Builder, settings.Training)],
            new Dictionary<string, string>());
        int longest = Math.Min(maxLength ?? training.MaxLength, ModelFamilies.Describe(folder).ContextLength);
        return GetDatasetAsync(config, seed, tokenizer, ModelText.Template(template, folder, tokenizer), longest, evaluationPrompts ?? [], cancellationToken);
    }

    private static string Owner(PromptSetConfig promptSet) => $"the prompt set '{promptSet.Name}'";

    private static string FromPython(string name)
    {
        const string Harm = "-harm";
        string kebab = name.ToLowerInvariant().Replace('_', '-');
        kebab = kebab.EndsWith(Harm, StringComparison.Ordinal) ? kebab[..^Harm.Length] : kebab;
        foreach ((string there, string here) in PythonTasks)
        {
            if (kebab.StartsWith(there, StringComparison.Ordinal))
            {
                return here + kebab[there.Length..];
            }
        }

        return kebab;
    }

    private static void Collect(List<SafeTuneBedException> faults, Action check)
    {
        try
        {
            check();
        }
        catch (SafeTuneBedException fault)
        {
            faults.Add(fault);
        }
    }
}
