using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SafeTuneBed.Diagnostics;

namespace SafeTuneBed.Running;

/// <summary>Plans and runs grids: cells in order, several at a time, each by a worker with a compute thread of its own.</summary>
internal sealed class GridEngine(IServiceProvider services, IDataHost data, IModelHost models, BedSettings settings, TimeProvider time, ILogger logger)
{
    // A model up to this size runs several cells at a time, each on one arithmetic thread; a larger one gets the machine to itself.
    private const long SmallWeightBytes = 256L << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private MethodCatalog Methods => services.GetRequiredService<MethodCatalog>();

    private EvaluatorCatalog Evaluators => services.GetRequiredService<EvaluatorCatalog>();

    public static GridEngine Create(IServiceProvider services) => new(
        services,
        services.GetRequiredService<IDataHost>(),
        services.GetRequiredService<IModelHost>(),
        services.GetRequiredService<BedSettings>(),
        services.GetRequiredService<TimeProvider>(),
        services.GetService<ILoggerFactory>()?.CreateLogger("SafeTuneBed") ?? NullLogger.Instance);

    public async Task<GridPlan> PlanAsync(ExperimentGrid grid, CancellationToken cancellationToken)
    {
        CellSet set = await Task.Run(() => Planner().PlanAsync(grid, cancellationToken), cancellationToken).ConfigureAwait(false);
        return PlanView.Of(set, Workers(set).Count);
    }

    public Task<GridReport> RunAsync(ExperimentGrid grid, IProgress<RunProgress>? progress, CancellationToken cancellationToken) =>
        RunAsync(() => Planner().PlanAsync(grid, cancellationToken), progress, cancellationToken);

    public Task<GridReport> EvaluateAsync(
        IReadOnlyList<ArtifactReference> artifacts, IReadOnlyList<string> evaluators, string name, string? baseline, IProgress<RunProgress>? progress, CancellationToken cancellationToken) =>
        RunAsync(() => Planner().PlanAsync(name, artifacts, evaluators, baseline, cancellationToken), progress, cancellationToken);

    public Task<GridReport> RescoreAsync(ExperimentGrid grid, IProgress<RunProgress>? progress, CancellationToken cancellationToken) =>
        RunAsync(async () => OnlyScored(await Planner().PlanAsync(grid, cancellationToken).ConfigureAwait(false)), progress, cancellationToken, loads: false);

    private CellPlanner Planner() => new(Methods, Evaluators, data, models, settings);

    // Refuses what stored answers do not suffice for.
    private static CellSet OnlyScored(CellSet set)
    {
        var answers = new AnswerForecast(set.Cells);
        string[] missing =
        [
            .. set.Cells.SelectMany(cell => RunStore.FindTraining(cell) is null
                ? [$"{cell.Label} is not trained."]
                : answers.Of(cell).Where(e => e.Work == PlannedWork.Run).Select(e => FormattableString.Invariant($"{cell.Label} / {e.Evaluator} lacks {e.Answers + e.Likelihoods} answers."))),
        ];
        return missing.Length == 0
            ? set
            : set with { Problems = [.. set.Problems, .. missing.Select(m => new Problem($"Stored answers do not suffice: {m} Run the grid."))] };
    }

    private async Task<GridReport> RunAsync(Func<Task<CellSet>> plan, IProgress<RunProgress>? progress, CancellationToken cancellationToken, bool loads = true)
    {
        progress?.Report(new RunProgress { Phase = RunPhase.Planning });
        CellSet set = await Task.Run(plan, cancellationToken).ConfigureAwait(false);
        set.ThrowIfHindered();
        foreach (string warning in set.Warnings)
        {
            logger.LogWarning("{Warning}", warning);
        }

        IMetricAggregator aggregator = services.GetService<IMetricAggregator>()
            ?? throw new ConfigurationException("Nothing is registered that turns scores into numbers. Call AddEvaluators() or one of the evaluators' own Add methods of the package SafeTuneBed.Evaluation.");
        Dictionary<string, IReportWriter> writers = services.GetServices<ReportWriterRegistration>().ToDictionary(r => r.Name, r => r.Create(services), StringComparer.Ordinal);

        if (loads && !set.Cells.All(CellRunner.IsDone))
        {
            models.Preflight();
        }

        var failures = new ConcurrentQueue<CellFailure>();
        int[] outcomes = await RunCellsAsync(set, aggregator, progress, failures, loads, cancellationToken).ConfigureAwait(false);
        CellFailure[] failed = [.. failures.OrderBy(f => f.Cell, StringComparer.Ordinal)];
        List<string> notes = [Summary(set, outcomes), .. set.DescribeBlocked(), .. failed.Select(f => $"Failed: {f.Cell}: {f.Exception.Message}")];
        GridReport report;
        try
        {
            report = new ReportBuilder(aggregator, writers).Build(set, notes);
        }
        catch (Exception e) when (failed.Length > 0)
        {
            // Without this the reader of the table would hear of the table alone, and never why its cells failed.
            throw new GridFailedException(new GridReport(set.Name, [], new Dictionary<MetricPlace, MetricScores>(), aggregator, writers) { Baseline = set.Baseline, Notes = notes, Canonical = set.Canonical }, [.. failed, new CellFailure("report", e)]);
        }

        if (writers.Count > 0 && report.Rows.Count > 0)
        {
            CellFailure[] unwritten = await WriteReportAsync(set, report, cancellationToken).ConfigureAwait(false);
            report = report.WithNotes(unwritten.Select(f => $"Failed: {f.Cell}: {f.Exception.Message}"));
            failed = [.. failed, .. unwritten.Where(f => failed.Length > 0 || f.Exception is not (IOException or UnauthorizedAccessException))];
        }

        return failed.Length == 0 ? report : throw new GridFailedException(report, failed);
    }

    // Processes that share a grid end at about the same time. The report can be written again from the runs, so a folder that somebody has open is no failure:
    // it is logged and noted. A writer that fails costs its own format alone.
    private async Task<CellFailure[]> WriteReportAsync(CellSet set, GridReport report, CancellationToken cancellationToken)
    {
        CellLock? held;
        while ((held = CellLock.TryTake(set.Store.ReportLockPath)) is null)
        {
            await Task.Delay(Patience, time, cancellationToken).ConfigureAwait(false);
        }

        var failures = new List<CellFailure>();
        using (held)
        {
            ReportFolder? before = ReportFolder.Read(set.Store.ReportFolder);
            try
            {
                await DurableFile.WriteFolderAsync(set.Store.ReportFolder, async folder =>
                {
                    try
                    {
                        await report.WriteAllAsync(folder, before).ConfigureAwait(false);
                    }
                    catch (ReportFailedException e)
                    {
                        failures.AddRange(e.Failures.Select(f => new CellFailure($"report / {f.Format}", f.Exception)));
                    }
                }).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                failures.Add(new CellFailure("report", e));
            }
        }

        foreach (CellFailure failure in failures)
        {
            logger.LogWarning(failure.Exception, "The {Report} in {Folder} could not be written; the runs are complete.", failure.Cell, set.Store.ReportFolder);
        }

        return [.. failures];
    }

    private async Task<int[]> RunCellsAsync(
        CellSet set, IMetricAggregator aggregator, IProgress<RunProgress>? progress, ConcurrentQueue<CellFailure> failures, bool loads, CancellationToken cancellationToken)
    {
        var hub = new ProgressHub(progress, set.Cells.Count);
        var runner = new CellRunner(set, new TrainingRunner(Methods, data, models, settings, time, logger), new EvaluationRunner(set.Cells, aggregator, time, logger, Path.GetFullPath(settings.RunFolder)), models, hub);
        var queue = new ConcurrentQueue<Cell>(set.Cells);
        int[] outcomes = new int[Enum.GetValues<CellOutcome>().Length];
        var (count, threads) = Workers(set);
        var estimator = new MemoryEstimator();
        LargeBlocks.Choose(count * set.Cells.Select(c => estimator.Of(c)?.Total ?? 0).DefaultIfEmpty(0).Max());

        async Task WorkAsync()
        {
            IModelWorker? worker = null;
            try
            {
                while (queue.TryDequeue(out Cell? cell))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    CellOutcome outcome = await runner.RunAsync(cell, () => worker ??= loads ? models.CreateWorker(threads) : throw new SafeTuneBedException("A model would have to be loaded, but stored answers alone are to be scored. Run the grid."), failures.Enqueue, cancellationToken).ConfigureAwait(false);
                    if (outcome == CellOutcome.Busy)
                    {
                        hub.Report(new RunProgress { Phase = RunPhase.Waiting, Cell = cell.Label });
                        queue.Enqueue(cell);
                        await Task.Delay(Patience, time, cancellationToken).ConfigureAwait(false);
                        continue;
                    }

                    Interlocked.Increment(ref outcomes[(int)outcome]);
                    hub.Complete(cell, outcome);
                }
            }
            finally
            {
                if (worker is not null)
                {
                    await worker.DisposeAsync().ConfigureAwait(false);
                }
            }
        }

        // All workers come to their end, also when one of them throws: a compute thread must not outlive the call.
        await Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Run(WorkAsync, CancellationToken.None))).ConfigureAwait(false);
        return outcomes;
    }

    // The number of threads depends on the settings alone, never on how many cells are left: sums must not change when a grid is resumed.
    private (int Count, int Threads) Workers(CellSet set)
    {
        bool small = set.Cells.All(c => c.Model.WeightBytes <= SmallWeightBytes && c.Model.Device == "cpu");
        int cells = settings.MaxConcurrency ?? (small ? Environment.ProcessorCount : 1);
        return (Math.Clamp(cells, 1, Math.Max(1, set.Cells.Count)), small ? 1 : Math.Max(1, Environment.ProcessorCount / cells));
    }

    private static string Summary(CellSet set, int[] outcomes) => FormattableString.Invariant(
        $"{set.Cells.Count} cells: {outcomes[(int)CellOutcome.Ran]} ran, {outcomes[(int)CellOutcome.Reused]} were done before, {outcomes[(int)CellOutcome.Failed]} failed.{(set.Blocked.Count > 0 ? $" {set.Blocked.Count} more were blocked and left out." : "")}");
}
