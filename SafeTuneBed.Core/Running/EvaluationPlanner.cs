using System.Runtime.ExceptionServices;

namespace SafeTuneBed.Running;

/// <summary>Loads what evaluators ask, once for all cells, and makes the evaluations of each cell.</summary>
internal sealed class EvaluationPlanner(EvaluatorCatalog evaluators, IDataHost data)
{
    private readonly Dictionary<string, IReadOnlyList<PromptItem>> promptSets = new(StringComparer.Ordinal);
    private readonly Dictionary<FinetuneDatasetConfig, IReadOnlyList<FinetuneExample>> splits = [];
    private readonly Dictionary<(ModelReference Model, FinetuneDatasetConfig Dataset), EvaluationPrompts> asked = [];
    private readonly Dictionary<(EvaluatorEntry Entry, string? PromptSet, FinetuneDatasetConfig? Dataset), (Items? Items, SafeTuneBedException? Fault)> known = [];

    /// <summary>Loads the items of each evaluator and lets it look at them.</summary>
    /// <param name="entries">The evaluators.</param>
    /// <param name="model">The model that will be asked.</param>
    /// <param name="dataset">The cell's data set, where there is one.</param>
    /// <param name="causes">Gets what is wrong.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task CheckAsync(IReadOnlyList<EvaluatorEntry> entries, ModelDescription model, FinetuneDatasetConfig? dataset, ICollection<Problem> causes, CancellationToken cancellationToken)
    {
        foreach (EvaluatorEntry entry in entries)
        {
            await Problem.CollectAsync(causes, () => ItemsAsync(entry, model.Model, dataset, cancellationToken)).ConfigureAwait(false);
        }
    }

    /// <summary>The evaluations of one cell, with their items loaded and their fingerprints known.</summary>
    public async Task<IReadOnlyList<CellEvaluation>> PlanAsync(
        IReadOnlyList<EvaluatorEntry> entries, ModelReference model, FinetuneDatasetConfig? dataset, ulong seed, string cellFingerprint, string cellFolder, CancellationToken cancellationToken)
    {
        var made = new List<CellEvaluation>();
        foreach (EvaluatorEntry entry in entries)
        {
            IEvaluator evaluator = evaluators.Get(entry.Name);
            bool asksSplit = evaluator.Needs.HasFlag(EvaluatorNeeds.EvaluationSplit);
            var (promptSet, prompts, further, examples, decoding, foreseen, judging) = await ItemsAsync(entry, model, dataset, cancellationToken).ConfigureAwait(false);
            var parts = Fingerprints.OfEvaluation(
                cellFingerprint, entry.Name, evaluator, evaluators.OptionsOf(entry.Name), Fingerprints.OfItems(prompts, examples, further), dataset, asksSplit, decoding, seed);
            string fingerprint = CanonicalJson.Hash(parts);
            made.Add(new CellEvaluation
            {
                Entry = entry,
                Evaluator = evaluator,
                PromptSet = promptSet,
                Prompts = prompts,
                FurtherPrompts = further,
                Examples = examples,
                Metrics = evaluator.MetricsOf(dataset),
                Foreseen = foreseen,
                Judging = judging,
                Decoding = decoding,
                Parts = parts,
                Fingerprint = fingerprint,
                AnswerKey = Fingerprints.AnswerKey(cellFingerprint, decoding),
                LikelihoodKey = Fingerprints.LikelihoodKey(cellFingerprint),
                Folder = RunStore.EvaluationFolder(cellFolder, promptSet is null ? entry.Name : $"{entry.Name}@{promptSet}", fingerprint),
            });
        }

        return made;
    }

    private async Task<Items> ItemsAsync(EvaluatorEntry entry, ModelReference model, FinetuneDatasetConfig? dataset, CancellationToken cancellationToken)
    {
        IEvaluator evaluator = evaluators.Get(entry.Name);
        string? promptSet = evaluator.Needs.HasFlag(EvaluatorNeeds.Prompts) ? entry.PromptSetFor(model, evaluator) : null;
        if (!known.TryGetValue((entry, promptSet, dataset), out var found))
        {
            try
            {
                found = (await LoadAsync(entry, evaluator, promptSet, model, dataset, cancellationToken).ConfigureAwait(false), null);
            }
            catch (SafeTuneBedException fault)
            {
                found = (null, fault);
            }

            known[(entry, promptSet, dataset)] = found;
        }

        if (found.Fault is { } before)
        {
            ExceptionDispatchInfo.Throw(before);
        }

        return found.Items!;
    }

    private async Task<Items> LoadAsync(
        EvaluatorEntry entry, IEvaluator evaluator, string? promptSet, ModelReference model, FinetuneDatasetConfig? dataset, CancellationToken cancellationToken)
    {
        bool asksSplit = evaluator.Needs.HasFlag(EvaluatorNeeds.EvaluationSplit);
        IReadOnlyList<PromptItem> prompts = promptSet is null ? [] : await PromptsAsync(promptSet, cancellationToken).ConfigureAwait(false);
        var further = new SortedDictionary<string, IReadOnlyList<PromptItem>>(StringComparer.Ordinal);
        foreach (string name in evaluator.FurtherPromptSets)
        {
            further[name] = await PromptsAsync(name, cancellationToken).ConfigureAwait(false);
        }

        IReadOnlyList<FinetuneExample> examples = asksSplit ? await SplitAsync(dataset!, cancellationToken).ConfigureAwait(false) : [];
        if ((promptSet is not null || asksSplit) && prompts.Count + examples.Count == 0)
        {
            DatasetSource? source = promptSet is null ? dataset!.Evaluation : data.FindPromptSet(promptSet)?.Source;
            throw new ConfigurationException(
                $"The evaluator entry '{entry.Written}' has no items: {(promptSet is null ? $"the evaluation rows of '{dataset!.Name}'" : $"the prompt set '{promptSet}'")} ({string.Join(", ", source?.Paths ?? [])}) came out empty. Check the file, and the source's filters and part.");
        }

        GenerationOptions decoding = Decoding(evaluator, promptSet, asksSplit ? dataset : null);
        var context = new EvaluationContext
        {
            EvaluatorName = entry.Name,
            Model = new UnloadedModel(model.DisplayName),
            PromptItems = prompts,
            FurtherPrompts = further,
            EvaluationItems = examples,
            Dataset = dataset,
            Generation = decoding,
        };
        try
        {
            await evaluator.CheckItemsAsync(context, cancellationToken).ConfigureAwait(false);
            return new Items(promptSet, prompts, further, examples, decoding, evaluator is IForeseeable known ? await known.ForeseeAsync(context, cancellationToken).ConfigureAwait(false) : null, evaluator.EstimateJudging(context));
        }
        catch (Exception e) when (e is not SafeTuneBedException && !(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw new ConfigurationException($"The evaluator entry '{entry.Written}' can't make its items: {e.Message}", e);
        }
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
        string[] sets = [.. entries.Where(e => evaluators.Get(e.Name).Needs.HasFlag(EvaluatorNeeds.Prompts)).Select(e => e.PromptSetFor(model, evaluators.Get(e.Name))!).Distinct().Order(StringComparer.Ordinal)];
        foreach (string set in sets)
        {
            prompts.AddRange(await PromptsAsync(set, cancellationToken).ConfigureAwait(false));
        }

        return asked[(model, dataset)] = new EvaluationPrompts(prompts, dataset.Evaluation is null ? [] : await SplitAsync(dataset, cancellationToken).ConfigureAwait(false)) { Sets = sets };
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

    /// <summary>What one evaluator asks.</summary>
    private sealed record Items(
        string? PromptSet,
        IReadOnlyList<PromptItem> Prompts,
        IReadOnlyDictionary<string, IReadOnlyList<PromptItem>> Further,
        IReadOnlyList<FinetuneExample> Examples,
        GenerationOptions Decoding,
        Foreseen? Foreseen,
        IReadOnlyList<JudgeEstimate> Judging);
}
