namespace SafeTuneBed.Running;

/// <summary>Counts a grid's cells, rows and steps by its recipes alone.</summary>
internal sealed class GridOutliner(MethodCatalog methods, EvaluatorCatalog evaluators, DatasetCatalog data)
{
    /// <exception cref="ConfigurationException">A name is unknown, or a setting not valid.</exception>
    public GridOutline Outline(ExperimentGrid grid)
    {
        var cells = new List<OutlinedCell>();
        var stages = new List<(ModelReference Model, MethodPartConfig Part, ulong Seed)>();
        FinetuneDatasetConfig[] datasets = [.. grid.Datasets.Select(ConfigOf)];
        foreach (ModelReference model in grid.Models)
        {
            foreach (MethodPipeline method in grid.Methods.Select(methods.Parse))
            {
                foreach (FinetuneDatasetConfig dataset in datasets)
                {
                    FinetuneExperimentConfig experiment = methods.Resolve(method, dataset, grid);
                    CountPlan? counts = method.Trains ? data.Plan(dataset) : null;
                    bool shares = experiment.Parts.Any(p => p.Stage == MethodStage.PostFineTuning) && IsTrainedElsewhere(grid, method);
                    foreach (ulong seed in method.IsUntouched ? grid.Seeds.Take(1) : grid.Seeds)
                    {
                        cells.Add(new OutlinedCell(model.DisplayName, method.Name, dataset.Name, seed, counts, counts is { } rows ? experiment.Training.TotalSteps(rows.Total) : 0) { Trains = !method.IsUntouched, OwnsSteps = !shares });
                        stages.AddRange(experiment.Parts.Where(p => p.Stage == MethodStage.Alignment).Select(p => (model, p, seed)));
                    }
                }
            }
        }

        return new GridOutline
        {
            Name = grid.Name,
            Cells = cells,
            Stages = [.. stages.GroupBy(s => (s.Model.DisplayName, s.Part.Method, s.Seed)).Select(g => Stage(grid, g.First(), g.Count()))],
            Missing = [.. Missing(grid, datasets).Distinct()],
        };
    }

    // The fine-tuning in front of it is another row of the grid, or that of an earlier row.
    private bool IsTrainedElsewhere(ExperimentGrid grid, MethodPipeline method)
    {
        MethodPipeline[] rows = [.. grid.Methods.Select(methods.Parse)];
        return rows.Any(m => m.Name == BeforeWeights(method)) || rows.TakeWhile(m => m.Name != method.Name).Any(m => BeforeWeights(m) == BeforeWeights(method));
    }

    private static string BeforeWeights(MethodPipeline method) => MethodPipeline.NameOf(method.Parts.Where(p => p.Stage != MethodStage.PostFineTuning));

    private OutlinedStage Stage(ExperimentGrid grid, (ModelReference Model, MethodPartConfig Part, ulong Seed) first, int cells)
    {
        int? available = StreamOf(grid, "align") is { } stream ? data.Plan(stream)?.Total : null;
        int? rows = (first.Part.Options as AlignmentOptions)?.Rows is { } most ? Math.Min(most, available ?? most) : available;
        TrainingConfig training = first.Part.Training!;
        return new OutlinedStage(first.Model.DisplayName, first.Part.Method, first.Seed, rows, training.Steps ?? (rows is { } known ? training.TotalSteps(known) : 0), cells);
    }

    private FinetuneDatasetConfig? StreamOf(ExperimentGrid grid, string name) =>
        grid.Streams.TryGetValue(name, out DatasetSelector given) ? ConfigOf(given)
        : grid.Models.Any(m => m.IsSandbox) ? FinetuneDatasets.Sandbox.Streams.GetValueOrDefault(name)
        : null;

    private FinetuneDatasetConfig ConfigOf(DatasetSelector selector) => selector.Config ?? data.Get(selector.Name ?? "");

    private IEnumerable<string> Missing(ExperimentGrid grid, FinetuneDatasetConfig[] datasets)
    {
        foreach (ModelReference model in grid.Models.Concat(grid.Models.Select(m => m.Base).OfType<ModelReference>()).Where(m => !m.IsSandbox && !File.Exists(Path.Combine(m.Location, "config.json"))))
        {
            yield return $"the model '{model.DisplayName}': there is no config.json in {model.Location}. Give the folder of a Hugging Face model.";
        }

        // The levels of one task read the same files: what is missing is told of the first.
        foreach (var fault in datasets.Concat(grid.Streams.Values.Select(ConfigOf)).SelectMany(d => data.FindFaults(d).Select(f => (f.Message, Text: f.Message.Replace($"'{d.Name}'", "", StringComparison.Ordinal)))).DistinctBy(f => f.Text))
        {
            yield return fault.Message;
        }

        foreach (EvaluatorEntry entry in grid.Evaluators.Select(EvaluatorEntry.Parse))
        {
            IEvaluator evaluator = evaluators.Get(entry.Name);
            IEnumerable<string> sets = grid.Models.Select(m => entry.PromptSetFor(m, evaluator)).OfType<string>().Concat(evaluator.FurtherPromptSets).Distinct();
            foreach (SafeTuneBedException fault in sets.Where(s => data.FindPromptSet(s) is not null || s == entry.PromptSet).SelectMany(s => data.FindFaults(data.GetPromptSet(s))))
            {
                yield return fault.Message;
            }
        }
    }
}
