namespace SafeTuneBed.Running;

/// <summary>Loads what evaluators ask, once for all cells, and makes the evaluations of each cell.</summary>
internal sealed class EvaluationPlanner(EvaluatorCatalog evaluators, IDataHost data)
{
    private readonly Dictionary<string, IReadOnlyList<PromptItem>> promptSets = new(StringComparer.Ordinal);
    private readonly Dictionary<FinetuneDatasetConfig, IReadOnlyList<FinetuneExample>> splits = [];
    private readonly Dictionary<(ModelReference Model, FinetuneDatasetConfig Dataset), EvaluationPrompts> asked = [];

    /// <summary>The evaluations of one cell, with their items loaded and their fingerprints known.</summary>
    public async Task<IReadOnlyList<CellEvaluation>> PlanAsync(
        IReadOnlyList<EvaluatorEntry> entries, ModelReference model, FinetuneDatasetConfig? dataset, ulong seed, string cellFingerprint, string cellFolder, CancellationToken cancellationToken)
    {
        var made = new List<CellEvaluation>();
        foreach (EvaluatorEntry entry in entries)
        {
            IEvaluator evaluator = evaluators.Get(entry.Name);
            bool asksPrompts = evaluator.Needs.HasFlag(EvaluatorNeeds.Prompts);
            bool asksSplit = evaluator.Needs.HasFlag(EvaluatorNeeds.EvaluationSplit);
            string? promptSet = asksPrompts ? entry.PromptSetFor(model, evaluator) : null;
            IReadOnlyList<PromptItem> prompts = promptSet is null ? [] : await PromptsAsync(promptSet, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<FinetuneExample> examples = asksSplit ? await SplitAsync(dataset!, cancellationToken).ConfigureAwait(false) : [];
            if ((asksPrompts || asksSplit) && prompts.Count + examples.Count == 0)
            {
                throw new ConfigurationException($"The evaluator entry '{entry.Written}' has no items: {(promptSet is null ? $"the evaluation rows of '{dataset!.Name}' are" : $"the prompt set '{promptSet}' is")} empty.");
            }

            GenerationOptions decoding = Decoding(evaluator, promptSet, asksSplit ? dataset : null);
            var parts = Fingerprints.OfEvaluation(
                cellFingerprint, entry.Name, evaluator, evaluators.OptionsOf(entry.Name), Fingerprints.OfItems(prompts, examples), asksSplit ? dataset : null, decoding, seed);
            string fingerprint = CanonicalJson.Hash(parts);
            made.Add(new CellEvaluation
            {
                Entry = entry,
                Evaluator = evaluator,
                PromptSet = promptSet,
                Prompts = prompts,
                Examples = examples,
                Decoding = decoding,
                Parts = parts,
                Fingerprint = fingerprint,
                AnswerKey = Fingerprints.AnswerKey(cellFingerprint, decoding),
                Folder = RunStore.EvaluationFolder(cellFolder, promptSet is null ? entry.Name : $"{entry.Name}@{promptSet}", fingerprint),
            });
        }

        return made;
    }

    private GenerationOptions Decoding(IEvaluator evaluator, string? promptSet, FinetuneDatasetConfig? task)
    {
        GenerationOptions asked = evaluator.Generation;
        int limit = asked.MaxNewTokens;
        if (promptSet is not null && data.FindPromptSet(promptSet)?.MaxNewTokens is { } most)
        {
            limit = Math.Min(limit, most);
        }

        return asked with { MaxNewTokens = task is null ? limit : Math.Min(limit, task.MaxNewTokens) };
    }

    /// <summary>
    /// Everything that a cell's evaluations ask. A row that is asked later must not be trained on, so the task's own evaluation rows count even where no
    /// evaluator of this grid asks them: a measure that is added later changes no training.
    /// </summary>
    public async Task<EvaluationPrompts> AskedAsync(IReadOnlyList<EvaluatorEntry> entries, ModelReference model, FinetuneDatasetConfig dataset, CancellationToken cancellationToken)
    {
        if (asked.TryGetValue((model, dataset), out EvaluationPrompts? known))
        {
            return known;
        }

        var prompts = new List<PromptItem>();
        foreach (string set in entries.Where(e => evaluators.Get(e.Name).Needs.HasFlag(EvaluatorNeeds.Prompts)).Select(e => e.PromptSetFor(model, evaluators.Get(e.Name))!).Distinct().Order(StringComparer.Ordinal))
        {
            prompts.AddRange(await PromptsAsync(set, cancellationToken).ConfigureAwait(false));
        }

        return asked[(model, dataset)] = new EvaluationPrompts(prompts, dataset.Evaluation is null ? [] : await SplitAsync(dataset, cancellationToken).ConfigureAwait(false));
    }

    private async Task<IReadOnlyList<PromptItem>> PromptsAsync(string name, CancellationToken cancellationToken)
    {
        if (!promptSets.TryGetValue(name, out IReadOnlyList<PromptItem>? items))
        {
            promptSets[name] = items = await data.LoadPromptsAsync(data.FindPromptSet(name)!, cancellationToken).ConfigureAwait(false);
        }

        return items;
    }

    private async Task<IReadOnlyList<FinetuneExample>> SplitAsync(FinetuneDatasetConfig dataset, CancellationToken cancellationToken)
    {
        if (!splits.TryGetValue(dataset, out IReadOnlyList<FinetuneExample>? items))
        {
            splits[dataset] = items = await data.LoadEvaluationAsync(dataset, cancellationToken).ConfigureAwait(false);
        }

        return items;
    }
}
