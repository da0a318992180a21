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
            DurableFile.Sweep(cell.Folder);
            if (RunStore.FindTraining(cell) is null)
            {
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
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            failures(new CellFailure(cell.Label, e));
            DurableFile.RemoveEmpty(cell.Folder, set.Store.GridFolder);
            return CellOutcome.Failed;
        }
        catch (OperationCanceledException)
        {
            DurableFile.RemoveEmpty(cell.Folder, set.Store.GridFolder);
            throw;
        }

        return await EvaluateAsync(cell, worker, failures, cancellationToken).ConfigureAwait(false);
    }

    public static bool IsDone(Cell cell) => RunStore.FindTraining(cell) is not null && cell.Evaluations.All(e => RunStore.IsEvaluated(e, e.Folder));

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
