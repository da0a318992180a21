namespace SafeTuneBed.Running;

/// <summary>The cells of a grid, or what keeps them from being planned.</summary>
internal sealed record CellSet(string Name, RunStore Store, IReadOnlyList<Cell> Cells, IReadOnlyList<Problem> Problems, string? Baseline)
{
    public RowsCache Rows { get; init; } = new();
}

/// <summary>Makes cells out of a grid: describes models, loads items, counts and fingerprints training rows. Loads no weight.</summary>
internal sealed class CellPlanner(MethodCatalog methods, EvaluatorCatalog evaluators, IDataHost data, IModelHost models, BedSettings settings)
{
    private readonly List<Problem> problems = [];
    private readonly Dictionary<(ModelReference Model, string? Template), ModelDescription?> descriptions = [];
    private readonly EvaluationPlanner evaluations = new(evaluators, data);
    private readonly RowsCache rowsCache = new();

    public async Task<CellSet> PlanAsync(ExperimentGrid grid, CancellationToken cancellationToken)
    {
        var store = new RunStore(settings.RunFolder, grid.Name);
        var check = new GridCheck(methods, evaluators, data);
        CheckedGrid known = check.Run(grid);
        if (check.Problems.Count > 0)
        {
            return new CellSet(grid.Name, store, [], check.Problems, grid.Baseline);
        }

        var cells = new List<Cell>();
        foreach (ModelReference model in grid.Models)
        {
            foreach (string method in grid.Methods)
            {
                foreach (FinetuneDatasetConfig dataset in known.Datasets)
                {
                    bool trains = methods.Create(method).Trains;
                    foreach (ulong seed in trains ? grid.Seeds : grid.Seeds.Take(1))
                    {
                        await TryAsync(async () => cells.Add(await MakeAsync(store, known, model, method, trains, dataset, seed, cancellationToken).ConfigureAwait(false))).ConfigureAwait(false);
                    }
                }
            }
        }

        return new CellSet(grid.Name, store, cells, [.. problems.DistinctBy(p => p.Message)], grid.Baseline) { Rows = rowsCache };
    }

    public async Task<CellSet> PlanAsync(string name, IReadOnlyList<ArtifactReference> artifacts, IReadOnlyList<string> written, string? baseline, CancellationToken cancellationToken)
    {
        var store = new RunStore(settings.RunFolder, name);
        var check = new GridCheck(methods, evaluators, data);
        check.CheckList(artifacts.Select(a => string.Join(" on ", new[] { a?.Name, a?.Dataset?.Name, a?.Model.DisplayName }.Where(n => n is not null))), "Artifacts", "artifact", "give one of them another Name");
        check.CheckList(written, "Evaluators", "evaluator", "name it once");
        FinetuneDatasetConfig?[] datasets = [.. artifacts.Select(a => a.Dataset is { } d ? d.Config ?? data.FindDataset(d.Name ?? "") : null)];
        foreach (var (artifact, dataset) in artifacts.Zip(datasets).Where(p => p.Second is null && p.First.Dataset is not null))
        {
            problems.Add(new Problem($"There is no data set '{artifact.Dataset}'.{NearestName.Hint(artifact.Dataset.ToString()!, data.DatasetNames)}"));
        }

        IReadOnlyList<EvaluatorEntry> entries = check.CheckEvaluators(written, [.. artifacts.Select(a => a.Model).Distinct()], datasets);
        if (baseline is not null && artifacts.All(a => a.Name != baseline))
        {
            problems.Add(new Problem($"The baseline '{baseline}' is not among the artifacts ({string.Join(", ", artifacts.Select(a => a.Name))})."));
        }

        problems.AddRange(check.Problems);
        var cells = new List<Cell>();
        if (problems.Count == 0)
        {
            foreach (var (artifact, dataset) in artifacts.Zip(datasets))
            {
                await TryAsync(async () => cells.Add(await MakeAsync(store, entries, artifact, dataset, cancellationToken).ConfigureAwait(false))).ConfigureAwait(false);
            }
        }

        return new CellSet(name, store, cells, [.. problems.DistinctBy(p => p.Message)], baseline);
    }

    private async Task<Cell> MakeAsync(
        RunStore store, CheckedGrid known, ModelReference reference, string methodName, bool trains, FinetuneDatasetConfig dataset, ulong seed, CancellationToken cancellationToken)
    {
        ModelDescription model = await DescribeAsync(reference, dataset.Template, cancellationToken).ConfigureAwait(false);
        FinetuneExperimentConfig experiment = WithinContext(methods.Resolve(methodName, dataset, known.Grid.Training, known.Grid.Lora), model);
        RowsSummary? rows = null;
        EvaluationPrompts later = EvaluationPrompts.None;
        if (trains)
        {
            later = await evaluations.AskedAsync(known.Evaluators, reference, dataset, cancellationToken).ConfigureAwait(false);
            rows = await rowsCache.SummarizeAsync(data, dataset, seed, model, experiment.Training.MaxLength, later, cancellationToken).ConfigureAwait(false);
        }

        var parts = Fingerprints.OfTraining(model, methodName, methods.Create(methodName), experiment, rows, seed);
        string fingerprint = CanonicalJson.Hash(parts);
        string folder = store.CellFolder(reference.DisplayName, methodName, dataset.Name, seed, fingerprint);
        return new Cell
        {
            Model = model,
            Method = methodName,
            Dataset = dataset,
            Seed = seed,
            Trains = trains,
            Experiment = experiment,
            Rows = rows,
            Asked = later,
            Steps = rows is null ? 0 : experiment.Training.TotalSteps(rows.Count),
            Parts = parts,
            Fingerprint = fingerprint,
            Folder = folder,
            Evaluations = await evaluations.PlanAsync(known.Evaluators, reference, dataset, seed, fingerprint, folder, cancellationToken).ConfigureAwait(false),
        };
    }

    private async Task<Cell> MakeAsync(RunStore store, IReadOnlyList<EvaluatorEntry> entries, ArtifactReference reference, FinetuneDatasetConfig? dataset, CancellationToken cancellationToken)
    {
        ArtifactContent content = ArtifactContent.Of(models, reference);
        ModelDescription model = await DescribeAsync(reference.Model, content.Template ?? dataset?.Template, cancellationToken).ConfigureAwait(false);
        var parts = Fingerprints.OfArtifact(model, content.Hash);
        string fingerprint = CanonicalJson.Hash(parts);
        string folder = store.CellFolder(reference.Model.DisplayName, reference.Name, dataset?.Name ?? "any", 0, fingerprint);
        return new Cell
        {
            Model = model,
            Method = reference.Name,
            Dataset = dataset,
            External = reference,
            Warnings = [.. content.Compare(model.Template)],
            Parts = parts,
            Fingerprint = fingerprint,
            Folder = folder,
            Evaluations = await evaluations.PlanAsync(entries, reference.Model, dataset, 0, fingerprint, folder, cancellationToken).ConfigureAwait(false),
        };
    }

    // What a user set on the model wins over what an artifact or a recipe brings along.
    private async Task<ModelDescription> DescribeAsync(ModelReference model, string? recipe, CancellationToken cancellationToken)
    {
        string? template = model.Template ?? recipe;
        if (!descriptions.TryGetValue((model, template), out ModelDescription? description))
        {
            descriptions[(model, template)] = description = await models.DescribeAsync(model, template, cancellationToken).ConfigureAwait(false);
        }

        return description!;
    }

    private static FinetuneExperimentConfig WithinContext(FinetuneExperimentConfig experiment, ModelDescription model)
    {
        if (experiment.Training.MaxLength <= model.ContextLength)
        {
            return experiment;
        }

        return experiment with
        {
            Training = experiment.Training with { MaxLength = model.ContextLength },
            Origins = new SortedDictionary<string, string>(experiment.Origins.ToDictionary(), StringComparer.Ordinal) { ["Training:MaxLength"] = SettingLayers.Model },
        };
    }

    // Faults of the user's data and models are problems of the plan; anything else is a fault of ours and is thrown.
    private async Task TryAsync(Func<Task> make)
    {
        try
        {
            await make().ConfigureAwait(false);
        }
        catch (SafeTuneBedException e)
        {
            problems.Add(Problem.Of(e));
        }
    }
}
