namespace SafeTuneBed.Running;

/// <summary>What a plan shows of the cells.</summary>
internal static class PlanView
{
    public static GridPlan Of(CellSet set, int concurrency) => new(
        set.Name,
        [.. set.Cells.Select(Of)],
        [.. set.Problems.Select(p => p.Message)])
    {
        Concurrency = concurrency,
        WeightBytes = concurrency * (set.Cells.Count == 0 ? 0 : set.Cells.Max(c => c.Model.WeightBytes)),
        Folder = set.Store.GridFolder,
    };

    private static PlannedCell Of(Cell cell) => new()
    {
        Model = cell.Model.Model.DisplayName,
        Method = cell.Method,
        Dataset = cell.DatasetName,
        Seed = cell.Seed,
        BenignRows = cell.Rows?.BenignCount ?? 0,
        HarmfulRows = cell.Rows?.HarmfulCount ?? 0,
        Tokens = cell.Rows?.Tokens ?? 0,
        Steps = cell.Steps,
        Template = cell.Model.Template.Id,
        Warnings = [.. cell.Warnings, .. cell.Rows?.Warnings ?? []],
        Preview = cell.Rows?.Preview ?? "",
        Training = RunStore.FindTraining(cell) is null ? PlannedWork.Run : PlannedWork.Reuse,
        Evaluations = [.. cell.Evaluations.Select(Of)],
        Folder = cell.Folder,
    };

    private static PlannedEvaluation Of(CellEvaluation evaluation)
    {
        PlannedWork work = RunStore.IsEvaluated(evaluation, evaluation.Folder) ? PlannedWork.Reuse
            : evaluation.ItemCount > 0 && GenerationStore.CountAnswers(evaluation.GenerationsPath, evaluation.AnswerKey) >= evaluation.ItemCount ? PlannedWork.Score
            : PlannedWork.Run;
        return new PlannedEvaluation(evaluation.Entry.Written, evaluation.ItemCount, work);
    }
}
