namespace SafeTuneBed.Running;

/// <summary>What a plan shows of the cells.</summary>
internal static class PlanView
{
    public static GridPlan Of(CellSet set, int concurrency)
    {
        var answers = new AnswerForecast(set.Cells);
        var memory = new MemoryEstimator();
        return new GridPlan(set.Name, [.. set.Cells.Select(c => Of(c, answers, memory))], [.. set.AllProblems.Select(p => p.Message)])
        {
            Stages = [.. set.Stages.Select(s => Of(s, set))],
            Blocked = [.. set.Blocked.Select(b => new BlockedCell(b.Model, b.Method, b.Dataset, b.Seed, [.. b.Causes.Select(c => c.Message).Distinct()]))],
            Warnings = set.Warnings,
            Datasets = set.Datasets,
            CanRun = set.Hindrances.Count == 0,
            Concurrency = concurrency,
            WeightBytes = concurrency * (set.Cells.Count == 0 ? 0 : set.Cells.Max(c => c.Model.WeightBytes)),
            Folder = set.Store.GridFolder,
        };
    }

    // A stage whose cells are all trained is needed by none of them any more.
    private static PlannedStage Of(Cell stage, CellSet set)
    {
        Cell[] resting = [.. set.Cells.Where(c => c.Stages.Any(s => s.Folder == stage.Folder))];
        bool isDone = RunStore.FindTraining(stage) is not null || resting.All(c => RunStore.FindTraining(c) is not null);
        return new PlannedStage
        {
            Model = stage.Model.Model.DisplayName,
            Method = stage.Method,
            Dataset = stage.DatasetName,
            Seed = stage.Seed,
            Rows = stage.Rows?.Count ?? 0,
            Tokens = stage.Rows?.Tokens ?? 0,
            Steps = stage.Steps,
            Cells = resting.Length,
            Training = isDone ? PlannedWork.Reuse : PlannedWork.Run,
            Folder = stage.Folder,
        };
    }

    private static PlannedCell Of(Cell cell, AnswerForecast answers, MemoryEstimator memory) => new()
    {
        Model = cell.Model.Model.DisplayName,
        Method = cell.Method,
        Dataset = cell.DatasetName,
        Seed = cell.Seed,
        BenignRows = cell.Rows?.BenignCount ?? 0,
        HarmfulRows = cell.Rows?.HarmfulCount ?? 0,
        Tokens = cell.Rows?.Tokens ?? 0,
        Steps = cell.Steps,
        RunsLoop = cell.RunsLoop,
        Template = cell.Model.Template.Id,
        Warnings = [.. cell.Warnings, .. cell.Rows?.Warnings ?? []],
        Memory = memory.Of(cell),
        Preview = cell.Rows?.Preview ?? "",
        Training = RunStore.FindTraining(cell) is null ? PlannedWork.Run : PlannedWork.Reuse,
        Evaluations = answers.Of(cell),
        Folder = cell.Folder,
    };
}
