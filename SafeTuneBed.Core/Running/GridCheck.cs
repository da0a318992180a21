namespace SafeTuneBed.Running;

/// <summary>What a grid names and the bed knows, each once.</summary>
internal sealed record CheckedGrid(
    ExperimentGrid Grid, IReadOnlyList<ModelReference> Models, IReadOnlyList<MethodPipeline> Methods, IReadOnlyList<FinetuneDatasetConfig> Datasets, IReadOnlyList<EvaluatorEntry> Evaluators)
{
    /// <summary>Whether the grid's settings are in range, so that steps can be counted.</summary>
    public bool HasSettings { get; init; } = true;

    /// <summary>The canonical name of the baseline.</summary>
    public string? Baseline { get; init; }
}

/// <summary>
/// Checks a grid before anything is opened, and collects everything that is wrong with it: what concerns the whole grid, and what concerns the cells of one
/// model or data set alone.
/// </summary>
internal sealed class GridCheck(MethodCatalog methods, EvaluatorCatalog evaluators, IDataHost data)
{
    private readonly List<Problem> problems = [];
    private readonly List<(object Part, Problem Problem)> parts = [];

    /// <summary>What keeps the whole grid from running.</summary>
    public IReadOnlyList<Problem> Problems => [.. problems.DistinctBy(p => p.Message)];

    /// <summary>The same with what concerns some cells alone.</summary>
    public IReadOnlyList<Problem> AllProblems => [.. problems.Concat(parts.Select(p => p.Problem)).DistinctBy(p => p.Message)];

    /// <summary>What keeps the cells of a model on a data set from running.</summary>
    public IEnumerable<Problem> Of(ModelReference model, FinetuneDatasetConfig dataset) =>
        parts.Where(p => p.Part.Equals(model) || p.Part.Equals(dataset)).Select(p => p.Problem).DistinctBy(p => p.Message);

    public CheckedGrid Run(ExperimentGrid grid)
    {
        int settings = problems.Count;
        AddFaults(grid.Training, "the grid's Training");
        AddFaults(grid.Lora, "the grid's Lora");
        CheckOverlays(grid);
        bool hasSettings = problems.Count == settings;
        CheckList(grid.Models.Select(m => m?.DisplayName ?? ""), "Models", "model", "give one of them another Name");
        CheckList(grid.Methods, "Methods", "method", "name it once");
        CheckList(grid.Datasets.Select(d => d.Name ?? ""), "Datasets", "data set", "name it once");
        CheckList(grid.Evaluators, "Evaluators", "evaluator", "name it once");
        CheckList(grid.Seeds.Select(s => s.ToString(System.Globalization.CultureInfo.InvariantCulture)), "Seeds", "seed", "name it once");
        IReadOnlyList<MethodPipeline> pipelines = CheckMethods(grid.Methods);

        foreach (ModelReference model in grid.Models.Where(m => m is not null))
        {
            CheckModel(model);
        }

        string? canonical = grid.Baseline is { } written ? Canonical(written) ?? written : null;
        if (canonical is not null && !grid.Methods.Contains(grid.Baseline) && pipelines.All(p => p.Name != canonical))
        {
            Add($"The baseline '{grid.Baseline}' is not among the grid's methods ({string.Join(", ", grid.Methods)}). Add it to Methods, or leave Baseline out.");
        }

        var datasets = new List<FinetuneDatasetConfig>();
        foreach (DatasetSelector selector in grid.Datasets.Where(s => s.Name is { Length: > 0 }))
        {
            if ((selector.Config ?? data.FindDataset(selector.Name!)) is { } dataset)
            {
                datasets.Add(dataset);
                CheckDataset(dataset);
            }
            else
            {
                Add($"There is no data set '{selector.Name}'.{NearestName.Hint(selector.Name!, data.DatasetNames)}");
            }
        }

        if (datasets.Count > 0)
        {
            CheckList(datasets.Select(d => d.Name), "Datasets", "data set", "name it once");
        }

        var streams = new StreamPlanner(data);
        foreach (FinetuneDatasetConfig dataset in streams.DatasetsOf(grid).Distinct())
        {
            CheckDataset(dataset);
        }

        Dictionary<string, MethodNeeds> needs = NeedsOf(grid, pipelines, datasets);
        foreach (string fault in streams.FindFaults(grid, needs))
        {
            Add(fault);
        }

        foreach (string method in needs.Where(n => n.Value.Companions.Count > 0).Select(n => n.Key))
        {
            if (methods.Create(method).Stage != MethodStage.PostFineTuning)
            {
                Add($"The method '{method}' asks for the companion {needs[method].Companions[0]}, but only methods of the stage {MethodStage.PostFineTuning} can read companions. Compare with the model before training by MethodNeeds.Reference, or move the work into TransformWeights.");
            }
            else if (needs[method].Companions.Contains(ModelCompanion.SafeAdapter))
            {
                Add($"The method '{method}' asks for the companion {ModelCompanion.SafeAdapter}, which no method can read in this version.");
            }
        }

        IReadOnlyList<EvaluatorEntry> entries = CheckEvaluators(grid.Evaluators, grid.Models, datasets);
        return new CheckedGrid(
            grid,
            [.. grid.Models.Where(m => m is not null).DistinctBy(m => m.DisplayName)],
            pipelines,
            [.. datasets.DistinctBy(d => d.Name)],
            entries)
        {
            HasSettings = hasSettings,
            Baseline = canonical,
        };
    }

    /// <summary>What a reference asks for and can't be given.</summary>
    public void CheckModel(ModelReference model)
    {
        if (model.Revision is { } revision)
        {
            Add(model, $"The model '{model.DisplayName}' names the revision '{revision}', but nothing is downloaded, so no revision would be looked at. Leave Revision out, and give the folder that holds that revision.");
        }
    }

    // What a method asks for may depend on its options, and these on the data set.
    private Dictionary<string, MethodNeeds> NeedsOf(ExperimentGrid grid, IReadOnlyList<MethodPipeline> pipelines, IReadOnlyList<FinetuneDatasetConfig> datasets)
    {
        Dictionary<string, MethodNeeds> needs = pipelines.SelectMany(p => p.Parts).Select(p => p.Name).Distinct().ToDictionary(m => m, m => methods.Create(m).Needs);
        foreach (var (pipeline, dataset) in pipelines.SelectMany(p => datasets.Select(d => (p, d))))
        {
            Problem.Try([], () =>
            {
                foreach (MethodPartConfig part in methods.Resolve(pipeline, dataset, grid).Parts)
                {
                    needs[part.Method] = needs[part.Method].And(methods.Create(part).Needs);
                }
            }); // a fault is told by the cell
        }

        return needs;
    }

    private void CheckOverlays(ExperimentGrid grid)
    {
        string[] known = [.. grid.Datasets.Select(s => s.Config ?? data.FindDataset(s.Name ?? "")).OfType<FinetuneDatasetConfig>().SelectMany(d => new[] { d.Name, d.TaskName }).Distinct()];
        foreach (ExperimentOverlay overlay in grid.Overlays)
        {
            problems.AddRange(methods.FindFaults(overlay).Select(f => new Problem(f))); // one of a method that this grid does not run has no effect
            foreach (string dataset in overlay.Datasets.Where(d => !known.Contains(d)))
            {
                Add($"The grid has an overlay for '{overlay.Method}' on '{dataset}', which is none of its data sets or tasks.{NearestName.Hint(dataset, known)}");
            }
        }
    }

    // In the order of the grid, each once.
    private List<MethodPipeline> CheckMethods(IReadOnlyList<string> written)
    {
        var pipelines = new List<(string Written, MethodPipeline Pipeline)>();
        foreach (string entry in written.Where(m => !string.IsNullOrWhiteSpace(m)).Distinct())
        {
            if (Problem.Collect(problems, () => methods.Parse(entry)) is { } pipeline)
            {
                pipelines.Add((entry, pipeline));
            }
        }

        foreach (var same in pipelines.GroupBy(p => p.Pipeline.Name, StringComparer.Ordinal).Where(g => g.Count() > 1))
        {
            Add($"The methods {string.Join(" and ", same.Select(p => $"'{p.Written}'"))} mean the same, '{same.Key}'. Name it once.");
        }

        return [.. pipelines.Select(p => p.Pipeline).DistinctBy(p => p.Name)];
    }

    private string? Canonical(string written)
    {
        try
        {
            return methods.Parse(written).Name;
        }
        catch (ConfigurationException)
        {
            return null; // what is not among the methods is told as that
        }
    }

    public IReadOnlyList<EvaluatorEntry> CheckEvaluators(IReadOnlyList<string> written, IReadOnlyList<ModelReference> models, IReadOnlyList<FinetuneDatasetConfig?> datasets)
    {
        var entries = new List<EvaluatorEntry>();
        foreach (EvaluatorEntry entry in written.Where(e => !string.IsNullOrWhiteSpace(e)).Distinct().Select(EvaluatorEntry.Parse))
        {
            if (!evaluators.Contains(entry.Name))
            {
                Add($"There is no evaluator '{entry.Name}' (entry '{entry.Written}').{NearestName.Hint(entry.Name, evaluators.Names)}");
                continue;
            }

            entries.Add(entry);
            EvaluatorNeeds needs = evaluators.Get(entry.Name).Needs;
            if (needs.HasFlag(EvaluatorNeeds.Prompts))
            {
                CheckPromptSets(entry, models);
            }
            else if (entry.PromptSet is not null)
            {
                Add($"The evaluator '{entry.Name}' takes no prompt set, but the entry '{entry.Written}' names one. Write '{entry.Name}'.");
            }

            if (needs.HasFlag(EvaluatorNeeds.EvaluationSplit))
            {
                foreach (FinetuneDatasetConfig? dataset in datasets.Where(d => d?.Evaluation is null).Distinct())
                {
                    if (dataset is null)
                    {
                        Add($"The evaluator '{entry.Name}' asks a data set's evaluation rows, but an artifact names no data set. Set its Dataset.");
                    }
                    else
                    {
                        Add(dataset, $"The evaluator '{entry.Name}' asks the data set's evaluation rows, and '{dataset.Name}' has none. Set its Evaluation, or leave the evaluator out.");
                    }
                }
            }
        }

        foreach (ModelReference model in models.Where(m => m is not null))
        {
            foreach (var twice in entries.Select(e => (e.Written, e.Name, Set: e.PromptSetFor(model, evaluators.Get(e.Name))))
                .Where(e => e.Set is not null && evaluators.Get(e.Name).Needs.HasFlag(EvaluatorNeeds.Prompts))
                .GroupBy(e => (e.Name, e.Set)).Where(g => g.Count() > 1))
            {
                Add($"The evaluator entries {string.Join(" and ", twice.Select(e => $"'{e.Written}'"))} mean the same for model '{model.DisplayName}'. Name it once.");
            }
        }

        return entries;
    }

    public void CheckDataset(FinetuneDatasetConfig dataset)
    {
        if (dataset.PoisonRatio is < 0 or > 1)
        {
            Add(dataset, FormattableString.Invariant($"The data set '{dataset.Name}' has the poison ratio {dataset.PoisonRatio}. Use a share from 0 to 1."));
        }
        else if (dataset.HarmfulSource is null && (dataset.PoisonRatio > 0 || dataset.Mode == MixMode.PureBad || dataset.HarmfulCount > 0))
        {
            Add(dataset, $"The data set '{dataset.Name}' asks for poison but names no harmful source. Set its HarmfulSource, or its PoisonRatio to 0.");
        }
        else
        {
            parts.AddRange(data.Check(dataset).Select(f => ((object)dataset, Problem.Of(f))));
        }

        AddFaults(dataset.Training, $"the task recipe of '{dataset.Name}' (Training)", dataset);
        AddFaults(dataset.Lora, $"the task recipe of '{dataset.Name}' (Lora)", dataset);
    }

    public void CheckList(IEnumerable<string?> names, string list, string thing, string remedy)
    {
        string[] all = [.. names.Select(n => n ?? "")];
        if (all.Length == 0)
        {
            Add($"{list} is empty. Name at least one {thing}.");
        }

        if (all.Any(string.IsNullOrWhiteSpace))
        {
            Add($"{list} holds an entry without a name.");
        }

        foreach (string twice in all.GroupBy(n => n, StringComparer.Ordinal).Where(g => g.Count() > 1 && g.Key.Length > 0).Select(g => g.Key))
        {
            Add($"{list} holds the {thing} '{twice}' twice: {remedy}.");
        }
    }

    private void CheckPromptSets(EvaluatorEntry entry, IReadOnlyList<ModelReference> models)
    {
        foreach (string name in evaluators.Get(entry.Name).FurtherPromptSets)
        {
            if (data.FindPromptSet(name) is { } further)
            {
                problems.AddRange(data.Check(further).Select(Problem.Of));
            }
            else
            {
                Add($"The evaluator '{entry.Name}' reads the prompt set '{name}', which is not registered.{NearestName.Hint(name, data.PromptSetNames)}");
            }
        }

        foreach (ModelReference model in models.Where(m => m is not null))
        {
            if (entry.PromptSetFor(model, evaluators.Get(entry.Name)) is not { Length: > 0 } name)
            {
                Add(model, $"The evaluator entry '{entry.Written}' needs prompts, and the model '{model.DisplayName}' has no default set. Write '{entry.Name}@<promptset>'; known sets: {string.Join(", ", data.PromptSetNames)}.");
            }
            else if (data.FindPromptSet(name) is not { } set)
            {
                Add(model, $"There is no prompt set '{name}' (entry '{entry.Written}').{NearestName.Hint(name, data.PromptSetNames)}");
            }
            else
            {
                parts.AddRange(data.Check(set).Select(f => ((object)model, Problem.Of(f))));
            }
        }
    }

    private void AddFaults(object? options, string owner, FinetuneDatasetConfig? dataset = null)
    {
        if (options is not null)
        {
            foreach (string fault in OptionsValidation.Faults(options, owner))
            {
                if (dataset is null)
                {
                    Add(fault);
                }
                else
                {
                    Add(dataset, fault);
                }
            }
        }
    }

    private void Add(object part, string message) => parts.Add((part, new Problem(message)));

    private void Add(string message) => problems.Add(new Problem(message));
}
