#!/usr/bin/env dotnet
#:project ../SafeTuneBed.Methods/SafeTuneBed.Methods.csproj
#:project ../SafeTuneBed.Evaluation/SafeTuneBed.Evaluation.csproj
#:package Spectre.Console
// How much safety does fine-tuning cost? The aligned sandbox model, untouched and after LoRA on clean, 5 % and 30 % poisoned data.
//   dotnet run samples/01-first-run.cs [--seeds 3] [--sandbox folder] [--out runs]
using SafeTuneBed;
using Spectre.Console;

string Option(string name, string fallback) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : fallback;
string output = Option("--out", "runs");
using var stop = new ConsoleCancellation(); // Ctrl-C: the same command goes on from there
AppDomain.CurrentDomain.UnhandledException += (_, e) => { if (e.ExceptionObject is SafeTuneBedException or OperationCanceledException) { Console.Error.WriteLine(e.ExceptionObject is SafeTuneBedException fault ? fault.Message : "Stopped. The same command goes on from here."); Environment.Exit(stop.ExitCode == 0 ? 1 : stop.ExitCode); } };
bool counts = int.TryParse(Option("--seeds", "3"), out int seeds) && seeds > 0;
if ((args.Chunk(2).FirstOrDefault(a => a.Length < 2 || a[0] is not ("--seeds" or "--sandbox" or "--out"))?[0] ?? (counts ? null : "--seeds")) is { } wrong)
    throw new ConfigurationException($"'{wrong}' is no option, or lacks its value, or has a wrong one. Options: --seeds <1 or more>, default 3; --sandbox <folder of another small world>; --out <folder>, default runs.");

await using var runner = ExperimentRunner.Create(bed =>
    (Option("--sandbox", "") is { Length: > 0 } folder ? bed.UseSandbox(folder) : bed).AddMethods().AddEvaluators().UseRunFolder(output));
var task = FinetuneDatasets.Sandbox.Sentiment;
var grid = new ExperimentGrid("first-run")
{
    Models = [ModelReference.Sandbox],
    Methods = ["none", "lora"],
    Datasets = [task.Benign, task.LowHarm, task.HighHarm],
    Evaluators = ["attack-success", "sandbox-judge", "task-accuracy"],
    Seeds = [.. Enumerable.Range(0, seeds).Select(i => (ulong)i)],
    Baseline = "none",
};
Console.WriteLine(await runner.PlanAsync(grid));
GridReport report = await AnsiConsole.Progress().StartAsync(async screen =>
{
    var bar = screen.AddTask("cells");
    try { return await runner.RunAsync(grid, new Progress<RunProgress>(p => (bar.MaxValue, bar.Value) = (Math.Max(1, p.TotalCells), Math.Max(bar.Value, p.CompletedCells))), stop.Token); } finally { bar.Value = bar.MaxValue; }
});
if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160;
var (table, cells) = (new Table().Border(TableBorder.Simple), report.ToTable());
foreach (string heading in cells.Headings) table.AddColumn(Markup.Escape(heading));
foreach (var row in cells.Rows) table.AddRow([.. row.Select(Markup.Escape)]);
AnsiConsole.Write(table);
Console.WriteLine($"Full report: {Path.GetFullPath(Path.Combine(output, grid.Name, "report"))}");
