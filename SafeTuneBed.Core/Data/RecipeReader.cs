namespace SafeTuneBed.Data;

/// <summary>What a recipe's files hold.</summary>
/// <param name="Benign">The task's rows; null when the recipe uses none.</param>
/// <param name="Harmful">Poison rows; null when the recipe uses none.</param>
/// <param name="Guide">A defender's rows; null when the recipe uses none.</param>
/// <param name="Evaluation">The task's own evaluation rows and the prompts given beside.</param>
internal sealed record RecipeRows(Corpus? Benign, Corpus? Harmful, Corpus? Guide, AskedPrompts Evaluation)
{
    public IEnumerable<Corpus> Corpora => new[] { Benign, Harmful, Guide }.OfType<Corpus>();
}

/// <summary>Reads the files that a recipe names, and no others: a recipe without poison opens no harmful corpus.</summary>
/// <param name="store">Where corpora are read.</param>
/// <param name="acceptedLicenses">Corpora whose licences were consented to.</param>
internal sealed class RecipeReader(CorpusStore store, IReadOnlySet<string> acceptedLicenses)
{
    /// <summary>Reads what is needed to mix a set.</summary>
    /// <param name="config">The recipe.</param>
    /// <param name="evaluationPrompts">Requests of the run's prompt sets. The task's own evaluation rows need not be among them: they always count, so that asking for one more measure does not change the data.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<RecipeRows> ReadAsync(FinetuneDatasetConfig config, IReadOnlyCollection<string> evaluationPrompts, CancellationToken cancellationToken)
    {
        CheckLicenses(config);
        Corpus? benign = NeedsBenign(config)
            ? await store.LoadAsync(config.Source, config.Mapping, config.TaskName, ExampleRole.Benign, false, Owner(config), cancellationToken).ConfigureAwait(false)
            : null;
        if (benign is not null && config.Scores is { } scores)
        {
            ResolvedSource file = store.Resolve(scores.Source, ScoresOwner(config));
            benign = await Task.Run(() => ScoreReader.Select(benign, scores, file), cancellationToken).ConfigureAwait(false);
        }

        Corpus? harmful = NeedsHarmful(config) && config.HarmfulSource is { } pool
            ? await store.LoadAsync(pool.Source, pool.Mapping, pool.Name, ExampleRole.Harmful, false, Owner(pool), cancellationToken, pool.Transforms).ConfigureAwait(false)
            : null;
        Corpus? guide = config.GuideSource is { } safe
            ? await store.LoadAsync(safe.Source, safe.Mapping, safe.Name, ExampleRole.Guide, false, Owner(safe), cancellationToken).ConfigureAwait(false)
            : null;
        IReadOnlyList<FinetuneExample> own = await ReadEvaluationAsync(config, cancellationToken).ConfigureAwait(false);
        var keys = new HashSet<string>(evaluationPrompts.Select(PromptKey.Normalize), StringComparer.Ordinal);
        keys.UnionWith(own.Select(PromptKey.Of));
        keys.Remove("");
        IReadOnlySet<string>? runs = config.Decontamination == DecontaminationRule.NGram13
            ? NGramOverlap.Of([.. evaluationPrompts, .. own.Select(NGramOverlap.TextOf)])
            : null;
        return new RecipeRows(benign, harmful, guide, new AskedPrompts(keys, runs));
    }

    /// <summary>The task's evaluation rows, with all their columns; none where the task has no evaluation.</summary>
    public async Task<IReadOnlyList<FinetuneExample>> ReadEvaluationAsync(FinetuneDatasetConfig config, CancellationToken cancellationToken)
    {
        if (config.Evaluation is not { } source)
        {
            return [];
        }

        return (await LoadEvaluationAsync(config, source, cancellationToken).ConfigureAwait(false)).Rows;
    }

    /// <summary>The files that a recipe reads, with their records where rows were read.</summary>
    /// <param name="config">The recipe.</param>
    /// <param name="read">Whether rows are read; where not, the files are only found.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<IReadOnlyList<PlannedFile>> FilesAsync(FinetuneDatasetConfig config, bool read, CancellationToken cancellationToken)
    {
        var files = new List<PlannedFile>();
        RecipeRows? rows = read ? await ReadAsync(config, [], cancellationToken).ConfigureAwait(false) : null;
        if (NeedsBenign(config))
        {
            files.Add(File("train", config.Source, Owner(config), rows?.Benign));
        }

        if (NeedsHarmful(config) && config.HarmfulSource is { } pool)
        {
            files.Add(File("poison", pool.Source, Owner(pool), rows?.Harmful));
        }

        if (config.GuideSource is { } guide)
        {
            files.Add(File("guide", guide.Source, Owner(guide), rows?.Guide));
        }

        if (config.Evaluation is { } evaluation)
        {
            files.Add(File("evaluation", evaluation, EvaluationOwner(config), read ? await LoadEvaluationAsync(config, evaluation, cancellationToken).ConfigureAwait(false) : null));
        }

        return files;
    }

    private PlannedFile File(string use, DatasetSource source, string owner, Corpus? corpus)
    {
        ResolvedSource found = store.Resolve(source, owner);
        bool isInside = found.Format == DatasetFormat.Memory || source.Paths[0].StartsWith(DatasetSource.SandboxScheme, StringComparison.Ordinal);
        return new PlannedFile(use, isInside ? source.Paths[0] : found.Path, corpus?.Records, corpus?.Rows.Count) { InPlaceOf = found.IsAlternative ? source.Paths[0] : null };
    }

    private Task<Corpus> LoadEvaluationAsync(FinetuneDatasetConfig config, DatasetSource source, CancellationToken cancellationToken) => store.LoadAsync(
        source, config.EvaluationMapping ?? config.Mapping, $"{config.TaskName}-evaluation", ExampleRole.Benign, true, EvaluationOwner(config), cancellationToken);

    /// <summary>Consent to the licences of everything that the recipe uses.</summary>
    /// <exception cref="LicenseNotAcceptedException">Consent is missing; all corpora are named.</exception>
    public void CheckLicenses(FinetuneDatasetConfig config)
    {
        var missing = new List<string>();
        void Check(string name, DataLicense? license)
        {
            if (Missing(name, license) is { } sentence && !missing.Contains(sentence))
            {
                missing.Add(sentence);
            }
        }

        if (NeedsBenign(config))
        {
            Check(config.TaskName, config.License);
        }

        if (NeedsHarmful(config) && config.HarmfulSource is { } pool)
        {
            Check(pool.Name, pool.License);
        }

        if (config.GuideSource is { } guide)
        {
            Check(guide.Name, guide.License);
        }

        if (missing.Count > 0)
        {
            throw new LicenseNotAcceptedException($"{Owner(config)} uses data whose licence was not accepted: {string.Join(" ", missing)}");
        }
    }

    /// <summary>Consent to the licence of one corpus.</summary>
    /// <exception cref="LicenseNotAcceptedException">Consent is missing.</exception>
    public void CheckLicense(string name, DataLicense? license, string owner)
    {
        if (Missing(name, license) is { } sentence)
        {
            throw new LicenseNotAcceptedException($"{owner} uses data whose licence was not accepted: {sentence}");
        }
    }

    private string? Missing(string name, DataLicense? license)
    {
        string consent = license?.Consent ?? name;
        return license is { RequiresConsent: true } && !acceptedLicenses.Contains(consent)
            ? $"'{name}' is under {license.Id}; after reading it, consent with AcceptLicenses(\"{consent}\")."
            : null;
    }

    public static bool NeedsBenign(FinetuneDatasetConfig config) => config.Mode != MixMode.PureBad;

    public static bool NeedsHarmful(FinetuneDatasetConfig config) => DatasetFaults.HasPoison(config);

    // The poison levels of a task share its files: what is missing is told once.
    public static string Owner(FinetuneDatasetConfig config) => $"the task '{config.TaskName}'";

    public static string Owner(HarmfulCorpus corpus) => $"the harmful corpus '{corpus.Name}'";

    public static string Owner(SafetyCorpus corpus) => $"the safety corpus '{corpus.Name}'";

    public static string ScoresOwner(FinetuneDatasetConfig config) => $"the scores of '{config.Name}'";

    public static string EvaluationOwner(FinetuneDatasetConfig config) => $"the evaluation rows of '{config.TaskName}'";
}
