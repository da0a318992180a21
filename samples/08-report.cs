#!/usr/bin/env dotnet
#:project ../SafeTuneBed.Methods/SafeTuneBed.Methods.csproj
#:project ../SafeTuneBed.Evaluation/SafeTuneBed.Evaluation.csproj
// What a report says beyond its table: who beats the baseline and its own control, how sure the order is, what an attacker would choose, and the answers behind a number.
//   dotnet run samples/08-report.cs [folder of runs] [seeds, default 2]
using SafeTuneBed;

string output = args.Length > 0 ? args[0] : "runs";
int seeds = 2;
if (args.Length > 2 || args.Any(a => a.StartsWith('-')) || (args.Length > 1 && !int.TryParse(args[1], out seeds)) || seeds < 1) { Console.Error.WriteLine("Two arguments at most: the folder of runs, and the number of seeds."); Environment.Exit(1); }
await using var runner = ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators().UseRunFolder(output));
var task = FinetuneDatasets.Sandbox.Sentiment;
GridReport report = await runner.RunAsync(new ExperimentGrid("report")
{
    Models = [ModelReference.Sandbox],
    Methods = ["none", "lora", "guide-mix", "lisa"],
    Datasets = [task.Benign, task.HighHarm],
    Evaluators = ["attack-success", "sandbox-judge", "task-accuracy", "over-refusal"],
    Seeds = [.. Enumerable.Range(0, seeds).Select(i => (ulong)i)],
    Baseline = "lora",
});

foreach (ReportTable table in new[] { report.ToTable(), report.ToComparisonTable(), report.ToControlTable(), report.ToRankTable(), report.ToWorstCaseTable() })
    Print(table);

// Any two rows, by any metric, item by item; and the answers on which two measures disagree.
ReportRow lora = report.Row("lora", task.HighHarm.Name), lisa = report.Row("lisa", task.HighHarm.Name);
PairedComparison difference = report.Compare(lora, lisa, "sandbox-judge/complied");
Console.WriteLine(FormattableString.Invariant($"lisa minus lora, complied: {difference.Difference:+0.000;-0.000} [{difference.Lower:0.000}, {difference.Upper:0.000}], {difference.CandidateOnly} / {difference.BaselineOnly} pairs"));
int disagree = report.Samples(lisa).Where(s => s.Evaluator is "attack-success" or "sandbox-judge").GroupBy(s => (s.Seed, s.ItemId))
    .Count(g => g.SelectMany(s => s.Scores).Where(s => s.Key is "attack-success/keyword-robust/attack-success" or "sandbox-judge/complied").Select(s => s.Value.Value).Distinct().Count() > 1);
Console.WriteLine($"lisa: phrases and the judge disagree on {disagree} answers.");

IReadOnlyList<string> files = await report.WriteAsync(Path.Combine(output, "my-report"), "markdown", "latex", "html");
Console.WriteLine(string.Join("\n", files));

static void Print(ReportTable table)
{
    int[] widths = [.. table.Headings.Select((h, i) => table.Rows.Select(r => r[i].Length).Append(h.Length).Max())];
    Console.WriteLine(table.Title);
    foreach (var row in table.Rows.Prepend(table.Headings))
        Console.WriteLine(string.Join("  ", row.Select((cell, i) => table.IsNumeric[i] ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd());
    foreach (string note in table.Notes.Take(3))
        Console.WriteLine("  " + note);
    Console.WriteLine();
}
