using SafeTuneBed.Models;
using SafeTuneBed.Training;

namespace SafeTuneBed.Running;

/// <summary>
/// Plans the stages that cells rest on. An alignment stage learns from the defender's rows alone: neither the user's data nor its share of poison is in its fingerprint, so
/// that all cells of a grid with the same model, method and seed share one.
/// </summary>
internal sealed class StagePlanner(MethodCatalog methods, IDataHost data, IModelHost models, ModelDirectory directory, EvaluationPlanner evaluations, RowsCache rowsCache, DataStagePlanner rowStages)
{
    /// <summary>The stream on whose rows an alignment stage trains.</summary>
    public const string AlignmentRows = "align";

    private readonly Dictionary<(string Model, string Method, ulong Seed), EvaluationPrompts> taken = [];
    private readonly CompanionDirectory companions = new(models);

    /// <summary>The data sets of streams with their rows, for the methods that ask for them.</summary>
    public async Task<IReadOnlyDictionary<string, CellStream>> StreamsAsync(
        CheckedGrid known, GridCheck check, ModelDescription model, IReadOnlyList<MethodPartConfig> parts, ulong seed, int maxLength, EvaluationPrompts asked, List<Problem> causes, CancellationToken cancellationToken)
    {
        var all = new Dictionary<string, CellStream>(StringComparer.Ordinal);
        foreach (MethodPartConfig part in parts)
        {
            foreach (var (name, stream) in await StreamsAsync(known, check, model, part.Method, methods.Create(part).Needs, null, seed, maxLength, asked, causes, cancellationToken).ConfigureAwait(false))
            {
                all[name] = stream;
            }
        }

        return all;
    }

    private async Task<IReadOnlyDictionary<string, CellStream>> StreamsAsync(
        CheckedGrid known, GridCheck check, ModelDescription model, string method, MethodNeeds needs, int? alignmentRows, ulong seed, int maxLength, EvaluationPrompts asked, List<Problem> causes, CancellationToken cancellationToken)
    {
        var streams = new Dictionary<string, CellStream>(StringComparer.Ordinal);
        foreach (var (name, given) in new StreamPlanner(data).Resolve(known.Grid, model.Model, method, needs))
        {
            FinetuneDatasetConfig dataset = name == AlignmentRows && alignmentRows is { } most && !(given.Count <= most)
                ? given with { Count = most, Shortage = given.Count is null ? ShortagePolicy.UseAll : given.Shortage }
                : given;
            int before = causes.Count;
            causes.AddRange(check.Of(model.Model, given));
            if (causes.Count == before)
            {
                RowsSummary rows = await rowsCache.SummarizeAsync(data, dataset, seed, model, maxLength, asked, cancellationToken).ConfigureAwait(false);
                VocabularyCheck.Run(model, dataset, rows, EvaluationPrompts.None);
                streams[name] = new CellStream(dataset, rows, asked);
            }
        }

        return streams;
    }

    /// <summary>The last of a pipeline's alignment stages, with those before it as its sources; null where it has none.</summary>
    /// <param name="store">Where runs lie.</param>
    /// <param name="known">The grid.</param>
    /// <param name="check">What is wrong with its data sets.</param>
    /// <param name="model">The model, under the template of the cell.</param>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="experiment">Its resolved settings.</param>
    /// <param name="seed">The cell's seed.</param>
    /// <param name="causes">Gets what is wrong.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<Cell?> AlignAsync(
        RunStore store, CheckedGrid known, GridCheck check, ModelDescription model, MethodPipeline pipeline, FinetuneExperimentConfig experiment, ulong seed, List<Problem> causes, CancellationToken cancellationToken)
    {
        Cell? last = null;
        foreach (MethodPartConfig part in experiment.Parts.Where(p => p.Stage == MethodStage.Alignment))
        {
            EvaluationPrompts asked = await TakenAsync(known, check, model.Model, pipeline, seed, cancellationToken).ConfigureAwait(false);
            if (await AlignAsync(store, known, check, model, experiment, part, last, seed, asked, causes, cancellationToken).ConfigureAwait(false) is not { } cell)
            {
                return null;
            }

            last = cell;
        }

        return last;
    }

    /// <summary>A method's work on the adapter of a cell.</summary>
    /// <param name="store">Where runs lie.</param>
    /// <param name="known">The grid.</param>
    /// <param name="check">What is wrong with its data sets.</param>
    /// <param name="source">The cell whose adapter it works on.</param>
    /// <param name="part">The method.</param>
    /// <param name="experiment">The pipeline's resolved settings.</param>
    /// <param name="taken">What its streams may not ask.</param>
    /// <param name="causes">Gets what is wrong.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<Cell> TransformAsync(
        RunStore store, CheckedGrid known, GridCheck check, Cell source, MethodPartConfig part, FinetuneExperimentConfig experiment, EvaluationPrompts taken, List<Problem> causes, CancellationToken cancellationToken)
    {
        MethodAlgorithm method = methods.Create(part);
        IReadOnlyDictionary<string, CellStream> streams = await Problem.CollectAsync(
            causes, () => StreamsAsync(known, check, source.Model, part.Method, method.Needs, null, source.Seed, experiment.Training.MaxLength, taken, causes, cancellationToken)).ConfigureAwait(false)
            ?? new Dictionary<string, CellStream>();
        IReadOnlyList<CompanionDescription> described = await companions.DescribeAsync(part.Method, method.Needs, source.Model, causes, cancellationToken).ConfigureAwait(false);
        var parts = Fingerprints.OfTransform(source.Model, part, method, source, described, streams);
        string fingerprint = CanonicalJson.Hash(parts);
        string name = $"{source.Method}{MethodPipeline.Separator}{part.Method}";
        return source with
        {
            Method = name,
            Part = part,
            Source = source,
            Experiment = experiment.UpTo(part),
            Companions = described,
            Streams = streams.Count > 0 ? streams : source.Streams,
            Parts = parts,
            Fingerprint = fingerprint,
            Folder = store.CellFolder(source.Model.Model.DisplayName, name, source.DatasetName, source.Seed, fingerprint),
        };
    }

    /// <summary>What a cell's table row should say of the stages it rests on.</summary>
    public static IEnumerable<string> Warnings(Cell? last) => last is null ? [] : last.Stages.Append(last)
        .Where(s => s.Part!.Stage == MethodStage.Alignment)
        .SelectMany(s => s.Warnings.Concat(s.Rows!.Warnings).Select(w => $"alignment by '{s.Part!.Method}': {w}"));

    private async Task<Cell?> AlignAsync(
        RunStore store, CheckedGrid known, GridCheck check, ModelDescription model, FinetuneExperimentConfig experiment, MethodPartConfig part, Cell? source, ulong seed, EvaluationPrompts asked, List<Problem> causes, CancellationToken cancellationToken)
    {
        MethodAlgorithm method = methods.Create(part);
        TrainingConfig training = part.Training! with { MaxLength = Math.Min(part.Training!.MaxLength, model.ContextLength) };
        int before = causes.Count;
        Problem.Try(causes, () => TargetCheck.Run(part, method.Needs, part.Lora!, model));
        MethodNeeds needs = MethodNeeds.Stream(AlignmentRows).And(method.Needs);
        IReadOnlyDictionary<string, CellStream>? streams = await Problem.CollectAsync(
            causes, () => StreamsAsync(known, check, model, part.Method, needs, (part.Options as AlignmentOptions)?.Rows, seed, training.MaxLength, asked, causes, cancellationToken)).ConfigureAwait(false);
        if (streams is null || causes.Count > before)
        {
            return null;
        }

        CellStream align = streams[AlignmentRows];
        RowsSummary rows = align.Rows;
        RowEdits? edits = null;
        if (method.HasRowHooks)
        {
            edits = (await rowStages.PlanAsync([part], model, align.Dataset, seed, training.MaxLength, streams, causes, cancellationToken).ConfigureAwait(false)).Edits;
            rows = await rowsCache.SummarizeAsync(data, align.Dataset, seed, model, training.MaxLength, asked, cancellationToken, edits).ConfigureAwait(false);
            VocabularyCheck.Run(model, align.Dataset, rows, EvaluationPrompts.None);
        }

        var own = new FinetuneExperimentConfig
        {
            Method = part.Method,
            Dataset = align.Dataset,
            Training = training,
            Lora = part.Lora!,
            Options = part.Options,
            Parts = [part],
            Origins = experiment.Origins.Where(o => o.Key.StartsWith($"Methods:{part.Method}:", StringComparison.Ordinal)).ToDictionary(),
        };
        var parts = Fingerprints.OfTraining(model, part.Method, method, own, rows, streams, seed, source);
        string fingerprint = CanonicalJson.Hash(parts);
        string name = source is null ? part.Method : $"{source.Method}{MethodPipeline.Separator}{part.Method}";
        int steps = training.TotalSteps(rows.Count);
        return new Cell
        {
            Model = model,
            Method = name,
            Part = part,
            Source = source,
            Dataset = align.Dataset,
            Seed = seed,
            Trains = true,
            Experiment = own,
            Rows = rows,
            Edits = edits,
            Streams = streams,
            Asked = asked,
            Steps = steps,
            Warnings = steps == 0 ? ["0 optimizer steps: nothing is aligned. Raise its Training.Steps or Training.Epochs."] : [],
            Parts = parts,
            Fingerprint = fingerprint,
            Folder = store.CellFolder(model.Model.DisplayName, name, RunStore.AlignmentFolder, seed, fingerprint),
            Evaluations = [],
        };
    }

    // The defender's rows may ask nothing that is asked in an evaluation or that is poison, and they are the same in all cells: so what any cell of the grid asks or learns counts.
    // A data set that can't be used has no cell, and counts for nothing.
    private async Task<EvaluationPrompts> TakenAsync(CheckedGrid known, GridCheck check, ModelReference reference, MethodPipeline pipeline, ulong seed, CancellationToken cancellationToken)
    {
        var key = (reference.DisplayName, pipeline.Name, seed);
        if (taken.TryGetValue(key, out EvaluationPrompts? found))
        {
            return found;
        }

        EvaluationPrompts all = EvaluationPrompts.None;
        var poison = new List<string>();
        var ignored = new List<Problem>();
        foreach (FinetuneDatasetConfig dataset in known.Datasets.Where(d => !check.Of(reference, d).Any()))
        {
            await Problem.CollectAsync(ignored, async () =>
            {
                ModelDescription model = await directory.DescribeAsync(reference, dataset.Template, cancellationToken).ConfigureAwait(false);
                int maxLength = Math.Min(methods.Resolve(pipeline, dataset, known.Grid).Training.MaxLength, model.ContextLength);
                EvaluationPrompts asked = await evaluations.AskedAsync(known.Evaluators, reference, dataset, cancellationToken).ConfigureAwait(false);
                all = new EvaluationPrompts([.. all.Prompts.Union(asked.Prompts)], [.. all.Examples.Union(asked.Examples)]);
                poison.AddRange((await rowsCache.SummarizeAsync(data, dataset, seed, model, maxLength, asked, cancellationToken).ConfigureAwait(false)).HarmfulPrompts);
                return asked;
            }).ConfigureAwait(false);
        }

        return taken[key] = all.And([.. poison.Distinct(StringComparer.Ordinal)]);
    }
}
