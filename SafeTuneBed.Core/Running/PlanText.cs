using System.Globalization;
using System.Text;

namespace SafeTuneBed.Running;

/// <summary>Writes a plan as a table of fixed-width columns.</summary>
internal static class PlanText
{
    private static readonly string[] Heads = ["model", "method", "data set", "template", "seed", "benign", "harmful", "tokens", "steps", "training"];

    public static string Write(GridPlan plan)
    {
        var text = new StringBuilder();
        int all = plan.Cells.Count + plan.Blocked.Count;
        text.Append(CultureInfo.InvariantCulture, $"Grid '{plan.Name}': {(plan.Blocked.Count > 0 ? $"{plan.Cells.Count} of {all} cells" : $"{plan.Cells.Count} cells")} in {plan.Folder}");
        text.Append(CultureInfo.InvariantCulture, $"{(plan.Blocked.Count > 0 ? $"; {plan.Blocked.Count} blocked" : "")}\n");
        if (plan.Cells.Count > 0)
        {
            string[] evaluators = [.. plan.Cells.SelectMany(c => c.Evaluations).Select(e => e.Evaluator).Distinct()];
            List<string[]> lines = [[.. Heads, .. evaluators], .. plan.Cells.Select(c => Cells(c, evaluators))];
            int[] widths = [.. Enumerable.Range(0, lines[0].Length).Select(i => lines.Max(l => l[i].Length))];
            for (int i = 0; i < lines.Count; i++)
            {
                AppendLine(text, lines[i], widths);
                if (i == 0)
                {
                    AppendLine(text, [.. widths.Select(w => new string('-', w))], widths);
                }
            }

            foreach (PlannedStage stage in plan.Stages)
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"Shared by {stage.Cells} {(stage.Cells == 1 ? "cell" : "cells")}: {stage.Method} on {stage.Model}, seed {stage.Seed}, {stage.Rows:N0} rows of {stage.Dataset}, {stage.Tokens:N0} tokens, {stage.Steps:N0} steps, {(stage.Training == PlannedWork.Reuse ? "done" : "run")}.\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"To do: {plan.Cells.Count(c => !c.IsDone)} of {plan.Cells.Count} cells, {plan.RemainingSteps:N0} optimizer steps, ");
            PlannedEvaluation[] evaluations = [.. plan.Cells.SelectMany(c => c.Evaluations)];
            long likelihoods = evaluations.Sum(e => (long)e.Likelihoods);
            text.Append(CultureInfo.InvariantCulture, $"{evaluations.Sum(e => (long)e.Answers):N0} answers{(likelihoods > 0 ? string.Create(CultureInfo.InvariantCulture, $", {likelihoods:N0} questions by log-probability") : "")}; ");
            text.Append(CultureInfo.InvariantCulture, $"{plan.Concurrency} cells at a time, {plan.WeightBytes / 1e6:N1} MB of weights.\n");
            if (plan.Cells.Where(c => c.Memory is not null).MaxBy(c => c.Memory!.Total) is { } largest)
            {
                text.Append(CultureInfo.InvariantCulture, $"Memory of the largest cell ({largest.Model}, {largest.Method}, {largest.Dataset}), estimated: {largest.Memory}.\n");
            }
        }

        foreach (var asked in plan.Cells.SelectMany(c => c.Evaluations).SelectMany(e => e.Judging).GroupBy(j => (j.Judge, j.Model)))
        {
            text.Append(CultureInfo.InvariantCulture, $"Judge '{asked.Key.Judge}' ({asked.Key.Model}): at most {asked.Sum(j => j.Calls):N0} calls, about {asked.Sum(j => j.PromptTokens):N0} tokens sent and {asked.Sum(j => j.CompletionTokens):N0} received");
            text.Append(CultureInfo.InvariantCulture, $"{(asked.All(j => j.Cost is not null) ? string.Create(CultureInfo.InvariantCulture, $", cost about {asked.Sum(j => j.Cost):0.00}") : "")}. Verdicts on record are not asked for again.\n");
        }

        string[] limits =
        [
            .. plan.Cells.SelectMany(c => c.Evaluations.Select(e => (e.Evaluator, c.Dataset, e.MaxNewTokens))).Where(e => e.MaxNewTokens is not null).Distinct()
                .GroupBy(e => e.Evaluator).SelectMany(g => g.DistinctBy(e => e.MaxNewTokens).Count() == 1
                    ? [$"{g.Key} {g.First().MaxNewTokens}"]
                    : g.Select(e => $"{e.Evaluator} on {e.Dataset} {e.MaxNewTokens}")),
        ];
        if (limits.Length > 0)
        {
            text.Append("Most new tokens of an answer: ").AppendJoin(", ", limits).Append(".\n");
        }

        foreach (PlannedDataset dataset in plan.Datasets)
        {
            AppendDataset(text, dataset);
        }

        ulong first = plan.Cells.FirstOrDefault(c => c.Preview.Length > 0)?.Seed ?? 0; // one seed is enough to see template and mask
        foreach (PlannedCell cell in plan.Cells.Where(c => c.Preview.Length > 0 && c.Seed == first).DistinctBy(c => (c.Model, c.Preview[(c.Preview.IndexOf('\n') + 1)..])))
        {
            text.Append(CultureInfo.InvariantCulture, $"First row of {cell.Dataset} for {cell.Model}: {cell.Preview.TrimEnd()}\n");
        }

        foreach (var warned in plan.Cells.SelectMany(c => c.Warnings.Select(w => (c.Method, c.Dataset, Warning: w))).Distinct().GroupBy(w => w.Warning))
        {
            text.Append(CultureInfo.InvariantCulture, $"Warning ({string.Join("; ", warned.Select(w => $"{w.Method}, {w.Dataset}"))}): {warned.Key}\n");
        }

        foreach (string warning in plan.Warnings)
        {
            text.Append("Warning: ").Append(warning).Append('\n');
        }

        foreach (string problem in plan.Problems)
        {
            text.Append("Problem: ").Append(problem).Append('\n');
            BlockedCell[] blocked = [.. plan.Blocked.Where(b => b.Problems.Contains(problem))];
            if (blocked.Length > 0)
            {
                BlockedCell b = blocked[0];
                string more = blocked.Length > 1 ? string.Create(CultureInfo.InvariantCulture, $", and {blocked.Length - 1} more") : "";
                text.Append(CultureInfo.InvariantCulture, $"  blocks {b.Model} / {b.Method} / {b.Dataset} / seed {b.Seed}{more}\n");
            }
        }

        if (plan is { CanRun: false, Cells.Count: > 0, Blocked.Count: > 0 })
        {
            text.Append("It does not start while a cell is blocked. SkipBlocked = true on the grid leaves blocked cells out.\n");
        }

        return text.ToString();
    }

    private static void AppendDataset(StringBuilder text, PlannedDataset dataset)
    {
        string[] templates = [.. dataset.Templates.Values.Distinct()];
        string template = templates.Length == 1 ? templates[0] : string.Join(", ", dataset.Templates.Select(t => $"{t.Value} for {t.Key}"));
        text.Append(CultureInfo.InvariantCulture, $"{dataset.Name}: template {template}{(dataset.Rows > 0 ? $", {dataset.Rows.ToString("N0", CultureInfo.InvariantCulture)} training rows" : "")}\n");
        foreach (PlannedFile file in dataset.Files)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {file.Use,-10}  {file.Path}");
            if (file.Records is { } records)
            {
                text.Append(CultureInfo.InvariantCulture, $", {records:N0} records{(file.Rows is { } rows && rows != records ? $", {rows.ToString("N0", CultureInfo.InvariantCulture)} of them after the source's conditions" : "")}");
            }

            text.Append(file.InPlaceOf is { } first ? $" (in place of {first}, which is not there)\n" : "\n");
        }

        foreach ((string model, PlannedTokens tokens) in dataset.Tokens)
        {
            TokenStatistics lengths = tokens.Lengths;
            text.Append(CultureInfo.InvariantCulture, $"  tokens{(dataset.Tokens.Count > 1 ? $" for {model}" : "")}: {lengths.Total:N0}; a row {lengths.P50:N0} at the median, {lengths.P90:N0} at 90 %, {lengths.P99:N0} at 99 %, {lengths.Max:N0} at most; ");
            text.Append(CultureInfo.InvariantCulture, $"with loss {string.Join(", ", tokens.Supervised.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Value:N0} {r.Key.ToString().ToLowerInvariant()}")))}\n");
        }
    }

    private static string[] Cells(PlannedCell cell, string[] evaluators) =>
    [
        cell.Model,
        cell.Method,
        cell.Dataset,
        cell.Template,
        cell.Seed.ToString(CultureInfo.InvariantCulture),
        Number(cell.BenignRows),
        Number(cell.HarmfulRows),
        Number(cell.Tokens),
        Number(cell.Steps),
        cell.Training == PlannedWork.Reuse ? "done" : cell.Steps > 0 ? "run" : "-",
        .. evaluators.Select(e => cell.Evaluations.FirstOrDefault(p => p.Evaluator == e) is { } planned
            ? string.Create(CultureInfo.InvariantCulture, $"{(planned.Work == PlannedWork.Run && planned.Likelihoods == 0 && planned.Answers < planned.Items ? $"{planned.Answers} of " : "")}{planned.Items:N0} {planned.Work switch { PlannedWork.Reuse => "done", PlannedWork.Score => "score", _ => "run" }}")
            : "-"),
    ];

    private static string Number(long value) => value == 0 ? "-" : value.ToString("N0", CultureInfo.InvariantCulture);

    private static void AppendLine(StringBuilder text, string[] cells, int[] widths)
    {
        for (int i = 0; i < cells.Length; i++)
        {
            text.Append(cells[i].PadRight(widths[i])).Append(i + 1 < cells.Length ? "  " : "");
        }

        while (text[^1] == ' ')
        {
            text.Length--;
        }

        text.Append('\n');
    }
}
