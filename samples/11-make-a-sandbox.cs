#!/usr/bin/env dotnet
#:project ../SafeTuneBed.Methods/SafeTuneBed.Methods.csproj
#:project ../SafeTuneBed.Evaluation/SafeTuneBed.Evaluation.csproj
#:package Spectre.Console
// A world of one's own: invent it, pretrain a model on it from nothing, align it, and see what fine-tuning each task costs.
//   dotnet run samples/11-make-a-sandbox.cs <folder> [--world-seed 0] [--seed 1] [--steps 2000] [--tasks sentiment,...,instruct] [--seeds 1]
using System.Diagnostics;
using SafeTuneBed;
using Spectre.Console;

string Option(string name, string fallback) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : fallback;
if (args.Length == 0 || args[0].StartsWith("--")) { Console.Error.WriteLine("Name the folder to make."); return 2; }
string folder = args[0];
var recipe = new SandboxRecipe
{
    WorldSeed = ulong.Parse(Option("--world-seed", "0")),
    Seed = ulong.Parse(Option("--seed", "1")),
    PretrainingSteps = int.Parse(Option("--steps", "2000")),
};
if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160;

var watch = Stopwatch.StartNew();
SandboxReport made = await AnsiConsole.Progress().StartAsync(screen =>
{
    var bars = new Dictionary<string, ProgressTask>();
    return SandboxMaker.MakeAsync(folder, recipe, new Bar(p =>
    {
        if (!bars.TryGetValue(p.Stage, out var bar)) bars[p.Stage] = bar = screen.AddTask(p.Stage);
        (bar.MaxValue, bar.Value, bar.Description) = (p.TotalSteps, p.Step, p.Loss > 0 ? $"{p.Stage}, loss {p.Loss:0.000}" : p.Stage);
        if (Console.IsOutputRedirected && p.Loss > 0 && p.Step % 100 == 0) Console.WriteLine($"{p.Stage} {p.Step}/{p.TotalSteps} loss {p.Loss:0.000} after {watch.Elapsed.TotalSeconds:0} s");
    }));
});
Console.WriteLine($"Made in {watch.Elapsed.TotalMinutes:0.0} minutes; alignment at {made.AlignmentLearningRate}.");
foreach (var (name, check) in new[] { ("base", made.Base), ("aligned", made.Aligned) })
{
    Console.WriteLine($"{name}: attack success {check.AttackSuccess:P1}, complied {check.Complied:P1}, over-refusal {check.OverRefusal:P1}, look-alikes helped {check.LookAlikesHelped:P1}, "
        + $"new verbs {check.NewVerbAttackSuccess:P1} / {check.NewVerbOverRefusal:P1}, knowledge {check.Knowledge:P1}");
    Console.WriteLine($"  chatty {string.Join(", ", check.ChattyAccuracy.Select(t => $"{t.Key} {t.Value:P0}"))}; short {string.Join(", ", check.TaskAccuracy.Select(t => $"{t.Key} {t.Value:P0}"))}");
}

DatasetFamily[] known = [FinetuneDatasets.Sandbox.Sentiment, FinetuneDatasets.Sandbox.Topic, FinetuneDatasets.Sandbox.Arithmetic, FinetuneDatasets.Sandbox.Dialogue, FinetuneDatasets.Sandbox.Sql, FinetuneDatasets.Sandbox.Instruct];
string wanted = Option("--tasks", "sentiment,topic,arithmetic,dialogue,sql,instruct");
DatasetFamily[] tasks = [.. known.Where(f => wanted.Contains(f.Benign.Name.Split('-')[1]))];
if (tasks.Length == 0) return 0;
await using var runner = ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators().UseRunFolder(Path.Combine(folder, "runs")).UseSandbox(folder));
var grid = new ExperimentGrid("tasks")
{
    Models = [ModelReference.Sandbox],
    Methods = ["none", "lora"],
    Datasets = [.. tasks.SelectMany(f => new[] { f.Benign, f.HighHarm })],
    Evaluators = ["attack-success", "sandbox-judge", "task-accuracy", "over-refusal"],
    Seeds = [.. Enumerable.Range(0, int.Parse(Option("--seeds", "1"))).Select(i => (ulong)i)],
    Baseline = "none",
};
GridReport report = await runner.RunAsync(grid);
var (table, cells) = (new Table().Border(TableBorder.Simple), report.ToTable());
foreach (string heading in cells.Headings) table.AddColumn(Markup.Escape(heading));
foreach (var row in cells.Rows) table.AddRow([.. row.Select(Markup.Escape)]);
AnsiConsole.Write(table);
return 0;

sealed class Bar(Action<SandboxProgress> show) : IProgress<SandboxProgress> { public void Report(SandboxProgress value) => show(value); }
