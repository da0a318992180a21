using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace SafeTuneBed.Running;

/// <summary>What became of a cell.</summary>
internal enum CellOutcome
{
    Ran,
    Reused,
    Failed,

    /// <summary>Another process has it; to be tried again.</summary>
    Busy,
}

/// <summary>Brings one cell from whatever is on disk to done, under its lock.</summary>
internal sealed class CellRunner(CellSet set, TrainingRunner training, EvaluationRunner evaluations, IModelHost models, ProgressHub progress)
{
    // What failed in this run: cells that rest on it don't try it again.
    private readonly ConcurrentDictionary<string, Exception> failed = new(StringComparer.Ordinal);

    /// <param name="cell">The cell.</param>
    /// <param name="worker">Gives the worker; asked only when something must be computed.</param>
    /// <param name="failures">Hears what failed; the rest of the cell goes on where it can.</param>
    /// <param name="cancellationToken">Stops the cell; finished parts stay.</param>
    public async Task<CellOutcome> RunAsync(Cell cell, Func<IModelWorker> worker, Action<CellFailure> failures, CancellationToken cancellationToken)
    {
        if (IsDone(cell))
        {
            return CellOutcome.Reused;
        }

        using CellLock? held = CellLock.TryTake(set.Store.LockPath(cell));
        if (held is null)
        {
            return CellOutcome.Busy;
        }

        if (IsDone(cell))
        {
            return CellOutcome.Reused;
        }

        try
        {
            if (!await TryTrainAsync(cell, worker, cancellationToken).ConfigureAwait(false))
            {
                return CellOutcome.Busy;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            failures(new CellFailure(cell.Label, e));
            return CellOutcome.Failed;
        }

        return await EvaluateAsync(cell, worker, failures, cancellationToken).ConfigureAwait(false);
    }

    public static bool IsDone(Cell cell) => RunStore.FindTraining(cell) is not null && cell.Evaluations.All(e => RunStore.IsEvaluated(e, e.Folder));

    // False when another run has a stage that the cell rests on. The cell's own lock is held.
    private async Task<bool> TryTrainAsync(Cell cell, Func<IModelWorker> worker, CancellationToken cancellationToken)
    {
        if (RunStore.FindTraining(cell) is not null)
        {
            DurableFile.Sweep(cell.Folder);
            return true;
        }

        if (failed.TryGetValue(cell.Folder, out Exception? before))
        {
            ExceptionDispatchInfo.Throw(before);
        }

        if (cell.Source is { } source && !await TryPrepareAsync(source, worker, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        try
        {
            DurableFile.Sweep(cell.Folder);
            if (cell.Trains)
            {
                progress.Report(new RunProgress { Phase = RunPhase.Training, Cell = cell.Label, TotalSteps = cell.Steps });
            }

            await training.RunAsync(set, cell, worker, step => progress.Report(new RunProgress
            {
                Phase = RunPhase.Training,
                Cell = cell.Label,
                Step = step.Step,
                TotalSteps = step.TotalSteps,
                Loss = step.Loss,
            }), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception e)
        {
            DurableFile.RemoveEmpty(cell.Folder, set.Store.GridFolder);
            if (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                failed.TryAdd(cell.Folder, e);
            }

            throw;
        }
    }

    // The same for a stage, under its own lock. Locks are only tried, so that two runs that want each other's don't wait for ever.
    private async Task<bool> TryPrepareAsync(Cell stage, Func<IModelWorker> worker, CancellationToken cancellationToken)
    {
        if (RunStore.FindTraining(stage) is not null)
        {
            return true;
        }

        using CellLock? held = CellLock.TryTake(set.Store.LockPath(stage));
        if (held is null)
        {
            return false;
        }

        try
        {
            return await TryTrainAsync(stage, worker, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw new SafeTuneBedException($"It rests on {stage.Label}, which failed: {e.Message}", e);
        }
    }

    private async Task<CellOutcome> EvaluateAsync(Cell cell, Func<IModelWorker> worker, Action<CellFailure> failures, CancellationToken cancellationToken)
    {
        ModelArtifact? loaded = null;
        var model = new DeferredModel(
            cell.Model.Model.DisplayName,
            token => worker().OpenAsync(cell.Model, cell.External?.Artifact ?? (loaded ??= models.Load(cell.External?.Folder ?? cell.ArtifactFolder, cell.Model.Model)), token));
        try
        {
            return await EvaluateAsync(cell, model, failures, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (loaded is not null)
            {
                models.Release(loaded);
            }
        }
    }

    private async Task<CellOutcome> EvaluateAsync(Cell cell, DeferredModel model, Action<CellFailure> failures, CancellationToken cancellationToken)
    {
        CellOutcome outcome = CellOutcome.Ran;
        foreach (CellEvaluation evaluation in cell.Evaluations)
        {
            try
            {
                progress.Report(new RunProgress { Phase = RunPhase.Evaluating, Cell = cell.Label, Evaluator = evaluation.Entry.Written, TotalItems = evaluation.ItemCount });
                await evaluations.RunAsync(cell, evaluation, model, (done, all) => progress.Report(new RunProgress
                {
                    Phase = RunPhase.Evaluating,
                    Cell = cell.Label,
                    Evaluator = evaluation.Entry.Written,
                    Items = done,
                    TotalItems = all,
                }), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                failures(new CellFailure($"{cell.Label} / {evaluation.Entry.Written}", e));
                outcome = CellOutcome.Failed;
            }
            finally
            {
                DurableFile.RemoveEmpty(evaluation.Folder, cell.Folder);
            }
        }

        return outcome;
    }
}
