namespace SafeTuneBed.Running;

/// <summary>Makes cells out of a grid: describes models, loads items, counts and fingerprints training rows. Loads no weight.</summary>
internal sealed class CellPlanner
{
    private static readonly IReadOnlyDictionary<string, CellStream> NoStreams = new Dictionary<string, CellStream>();

    private readonly MethodCatalog methods;
    private readonly EvaluatorCatalog evaluators;
    private readonly IDataHost data;
    private readonly IModelHost models;
    private readonly BedSettings settings;
    private readonly ModelDirectory directory;
    private readonly EvaluationPlanner evaluations;
    private readonly StagePlanner stages;
    private readonly DataStagePlanner rowStages;
    private readonly PlanNotes notes;
    private readonly RowsCache rowsCache = new();

    public CellPlanner(MethodCatalog methods, EvaluatorCatalog evaluators, IDataHost data, IModelHost models, BedSettings settings)
    {
        (this.methods, this.evaluators, this.data, this.models, this.settings) = (methods, evaluators, data, models, settings);
        (directory, evaluations, notes) = (new ModelDirectory(models), new EvaluationPlanner(evaluators, data), new PlanNotes(data));
        rowStages = new DataStagePlanner(methods, data, rowsCache);
        stages = new StagePlanner(methods, data, models, directory, evaluations, rowsCache, rowStages);
    }

    public async Task<CellSet> PlanAsync(ExperimentGrid grid, CancellationToken cancellationToken)
    {
        var store = new RunStore(settings.RunFolder, grid.Name);
        var check = new GridCheck(methods, evaluators, data);
        CheckedGrid known = check.Run(grid);
        var problems = new List<Problem>(check.Problems);
        var cells = new List<Cell>();
        var blocked = new List<Blockage>();
        foreach (ModelReference model in known.Models)
        {
            foreach (MethodPipeline method in known.Methods)
            {
                foreach (FinetuneDatasetConfig dataset in known.Datasets)
                {
                    foreach (ulong seed in method.IsUntouched ? grid.Seeds.Take(1) : grid.Seeds.Distinct())
                    {
                        var causes = new List<Problem>();
                        if (await MakeAsync(store, known, check, model, method, dataset, seed, causes, cancellationToken).ConfigureAwait(false) is { } cell)
                        {
                            cells.Add(cell);
                        }
                        else if (known.HasSettings)
                        {
                            blocked.Add(new Blockage(model.DisplayName, method.Name, dataset.Name, seed, causes));
                        }
                        else
                        {
                            problems.AddRange(causes);
                        }
                    }
                }
            }
        }

        AddFolderFault(problems, store, cells);
        cells = [.. ControlDrift.Warn(cells)];
        return new CellSet(grid.Name, store, cells, [.. problems.DistinctBy(p => p.Message)], known.Baseline)
        {
            Canonical = Canonical,
            Rows = rowsCache,
            Blocked = blocked,
            SkipsBlocked = grid.SkipBlocked,
            Warnings = PlanNotes.Warnings(cells),
            Datasets = await notes.DatasetsAsync(cells, cancellationToken).ConfigureAwait(false),
        };
    }

    public async Task<CellSet> PlanAsync(string name, IReadOnlyList<ArtifactReference> artifacts, IReadOnlyList<string> written, string? baseline, CancellationToken cancellationToken)
    {
        var store = new RunStore(settings.RunFolder, name);
        var check = new GridCheck(methods, evaluators, data);
        check.CheckList(artifacts.Select(a => string.Join(" on ", new[] { a.Name, a.Dataset?.Name, a.Model.DisplayName }.Where(n => n is not null))), "Artifacts", "artifact", "give one of them another Name");
        check.CheckList(written, "Evaluators", "evaluator", "name it once");
        FinetuneDatasetConfig?[] datasets = [.. artifacts.Select(a => a.Dataset is { } d ? d.Config ?? data.FindDataset(d.Name ?? "") : null)];
        var problems = new List<Problem>();
        foreach (var (artifact, dataset) in artifacts.Zip(datasets).Where(p => p.Second is null && p.First.Dataset is not null))
        {
            problems.Add(new Problem($"There is no data set '{artifact.Dataset}'.{NearestName.Hint(artifact.Dataset.ToString()!, data.DatasetNames)}"));
        }

        foreach (ModelReference model in artifacts.Select(a => a.Model).Distinct())
        {
            check.CheckModel(model);
        }

        IReadOnlyList<EvaluatorEntry> entries = check.CheckEvaluators(written, [.. artifacts.Select(a => a.Model).Distinct()], datasets);
        if (baseline is not null && artifacts.All(a => a.Name != baseline))
        {
            problems.Add(new Problem($"The baseline '{baseline}' is not among the artifacts ({string.Join(", ", artifacts.Select(a => a.Name))})."));
        }

        problems.AddRange(check.AllProblems);
        bool isValid = problems.Count == 0;
        var cells = new List<Cell>();
        foreach (var (artifact, dataset) in artifacts.Zip(datasets))
        {
            if (await MakeAsync(store, isValid ? entries : [], artifact, dataset, problems, cancellationToken).ConfigureAwait(false) is { } cell && isValid)
            {
                cells.Add(cell);
            }
        }

        AddFolderFault(problems, store, cells);
        return new CellSet(name, store, cells, [.. problems.DistinctBy(p => p.Message)], baseline);
    }

    private async Task<Cell?> MakeAsync(
        RunStore store, CheckedGrid known, GridCheck check, ModelReference reference, MethodPipeline pipeline, FinetuneDatasetConfig dataset, ulong seed, List<Problem> causes, CancellationToken cancellationToken)
    {
        causes.AddRange(check.Of(reference, dataset));
        ModelDescription? model = await Problem.CollectAsync(causes, () => directory.DescribeAsync(reference, dataset.Template, cancellationToken)).ConfigureAwait(false);
        if (model is null || causes.Count > 0 || !known.HasSettings)
        {
            return null;
        }

        FinetuneExperimentConfig? resolved = Problem.Collect(causes, () => methods.Resolve(pipeline, dataset, known.Grid));
        if (resolved is null)
        {
            return null;
        }

        FinetuneExperimentConfig experiment = WithinContext(resolved, model);
        MethodPartConfig tuning = experiment.Parts.Single(p => p.Stage == MethodStage.FineTuning);
        bool trains = pipeline.Trains;
        bool isUntouched = pipeline.IsUntouched;
        RowsSummary? rows = null;
        EvaluationPrompts? later = !isUntouched || VocabularyCheck.IsNeeded(model)
            ? await Problem.CollectAsync(causes, () => evaluations.AskedAsync(known.Evaluators, reference, dataset, cancellationToken)).ConfigureAwait(false)
            : EvaluationPrompts.None;
        if (trains)
        {
            Problem.Try(causes, () => TargetCheck.Run(tuning, methods.Create(tuning).Needs, experiment.Lora, model));
            rows = later is null ? null : await Problem.CollectAsync(causes, () => rowsCache.SummarizeAsync(data, dataset, seed, model, experiment.Training.MaxLength, later, cancellationToken)).ConfigureAwait(false);
        }

        IReadOnlyDictionary<string, CellStream> streams = !isUntouched && (rows is not null || !trains) && later is not null
            ? await Problem.CollectAsync(causes, () => stages.StreamsAsync(known, check, model, [tuning, .. experiment.Parts.Where(p => p.Stage == MethodStage.Data)], seed, experiment.Training.MaxLength, later.And(rows?.HarmfulPrompts ?? []), causes, cancellationToken)).ConfigureAwait(false) ?? NoStreams
            : NoStreams;
        DataStage stage = DataStage.None;
        if (rowStages.PartsOf(experiment, causes) is { Count: > 0 } editors && causes.Count == 0 && (rows is not null || !trains) && later is not null)
        {
            int most = experiment.Training.MaxLength;
            stage = await Problem.CollectAsync(causes, () => rowStages.PlanAsync(editors, model, dataset, seed, most, streams, causes, cancellationToken)).ConfigureAwait(false) ?? DataStage.None;
            rows = trains ? await Problem.CollectAsync(causes, () => rowsCache.SummarizeAsync(data, dataset, seed, model, most, later, cancellationToken, stage.Edits)).ConfigureAwait(false) : null;
        }

        if (later is not null)
        {
            Problem.Try(causes, () => VocabularyCheck.Run(model, dataset, rows, later));
        }

        Cell? aligned = !isUntouched ? await stages.AlignAsync(store, known, check, model, pipeline, experiment, seed, causes, cancellationToken).ConfigureAwait(false) : null;
        await Problem.CollectAsync(causes, () => CheckWorldAsync(known.Evaluators, model, cancellationToken)).ConfigureAwait(false);
        await evaluations.CheckAsync(known.Evaluators, model, dataset, causes, cancellationToken).ConfigureAwait(false);
        if (causes.Count > 0)
        {
            return null;
        }

        string name = MethodPipeline.NameOf(pipeline.Parts.Where(p => p.Stage != MethodStage.PostFineTuning));
        var parts = Fingerprints.OfTraining(
            model, tuning.Method, methods.Create(tuning), experiment, rows, streams, seed, aligned,
            experiment.Parts.Where(p => p.Stage == MethodStage.Data).Select(p => Fingerprints.OfMethod(p.Method, methods.Create(p), p.Options)), stage.Policy);
        string fingerprint = CanonicalJson.Hash(parts);
        var cell = new Cell
        {
            Model = model,
            Method = name,
            Part = tuning,
            Source = aligned,
            Dataset = dataset,
            Seed = seed,
            Trains = trains,
            Experiment = experiment.UpTo(tuning),
            Rows = rows,
            Warnings = [.. PlanNotes.Warnings(model, dataset), .. StepWarnings(rows, experiment), .. StagePlanner.Warnings(aligned)],
            Asked = isUntouched ? EvaluationPrompts.None : later!,
            Edits = trains ? stage.Edits : null,
            Policy = stage.Policy,
            Streams = streams,
            Steps = rows is null ? 0 : experiment.Training.TotalSteps(rows.Count),
            Parts = parts,
            Fingerprint = fingerprint,
            Folder = store.CellFolder(reference.DisplayName, name, dataset.Name, seed, fingerprint),
            Evaluations = [],
        };
        foreach (MethodPartConfig part in experiment.Parts.Where(p => p.Stage == MethodStage.PostFineTuning))
        {
            cell = await stages.TransformAsync(store, known, check, cell, part, experiment, cell.Asked.And(rows?.HarmfulPrompts ?? []), causes, cancellationToken).ConfigureAwait(false);
        }

        return causes.Count > 0 ? null : cell with
        {
            Control = methods.ControlOf(pipeline),
            Evaluations = await evaluations.PlanAsync(known.Evaluators, reference, dataset, seed, cell.Fingerprint, cell.Folder, cancellationToken).ConfigureAwait(false),
        };
    }

    private async Task<Cell?> MakeAsync(
        RunStore store, IReadOnlyList<EvaluatorEntry> entries, ArtifactReference reference, FinetuneDatasetConfig? dataset, List<Problem> problems, CancellationToken cancellationToken)
    {
        ArtifactContent? content = Problem.Collect(problems, () => ArtifactContent.Of(models, reference));
        ModelDescription? model = await Problem.CollectAsync(problems, () => directory.DescribeAsync(reference.Model, content?.Template ?? dataset?.Template, cancellationToken)).ConfigureAwait(false);
        if (model is null || content is null)
        {
            return null;
        }

        int before = problems.Count;
        await Problem.CollectAsync(problems, () => CheckWorldAsync(entries, model, cancellationToken)).ConfigureAwait(false);
        await evaluations.CheckAsync(entries, model, dataset, problems, cancellationToken).ConfigureAwait(false);
        if (problems.Count > before)
        {
            return null;
        }

        var parts = Fingerprints.OfArtifact(model, content.Hash);
        string fingerprint = CanonicalJson.Hash(parts);
        string folder = store.CellFolder(reference.Model.DisplayName, reference.Name, dataset?.Name ?? "any", 0, fingerprint);
        return new Cell
        {
            Model = model,
            Method = reference.Name,
            Dataset = dataset,
            External = reference,
            Warnings = [.. content.Compare(model.Template), .. content.Template is null ? PlanNotes.Warnings(model, dataset) : []],
            Parts = parts,
            Fingerprint = fingerprint,
            Folder = folder,
            Evaluations = await evaluations.PlanAsync(entries, reference.Model, dataset, 0, fingerprint, folder, cancellationToken).ConfigureAwait(false),
        };
    }

    // Whoever knows the sandbox's world has its words; a merged or further trained sandbox model in a folder of its own has them too.
    private async Task<ModelDescription> CheckWorldAsync(IReadOnlyList<EvaluatorEntry> entries, ModelDescription model, CancellationToken cancellationToken)
    {
        if (!model.Model.IsSandbox && entries.FirstOrDefault(e => evaluators.Get(e.Name).Needs.HasFlag(EvaluatorNeeds.SandboxWorld)) is { } entry)
        {
            ModelDescription sandbox = await directory.DescribeAsync(ModelReference.Sandbox, null, cancellationToken).ConfigureAwait(false);
            if (sandbox.Tokenizer.Fingerprint != model.Tokenizer.Fingerprint)
            {
                throw new ConfigurationException(
                    $"The evaluator entry '{entry.Written}' judges answers about the sandbox's invented world, which the model '{model.Model.DisplayName}' does not know: its vocabulary is another. Leave the entry out for this model, or use '{ModelReference.Sandbox.DisplayName}'.");
            }
        }

        return model;
    }

    private static IEnumerable<string> StepWarnings(RowsSummary? rows, FinetuneExperimentConfig experiment)
    {
        if (rows is not null && experiment.Training.TotalSteps(rows.Count) == 0)
        {
            yield return "0 optimizer steps: nothing is trained, and the row is the untouched model's. Raise Steps or Epochs.";
        }
    }

    private string? Canonical(string method)
    {
        try
        {
            return methods.GetCanonicalName(method);
        }
        catch (ConfigurationException)
        {
            return null;
        }
    }

    // A finished grid may lie where nothing can be written any more: it is read, and nothing else.
    private static void AddFolderFault(List<Problem> problems, RunStore store, IReadOnlyList<Cell> cells)
    {
        if (RunFolder.FindFault(store.GridFolder) is { } fault && !(cells.Count > 0 && cells.All(CellRunner.IsDone)))
        {
            problems.Add(Problem.Of(fault));
        }
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
}
