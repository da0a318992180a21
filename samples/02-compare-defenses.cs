#!/usr/bin/env dotnet
#:project ../SafeTuneBed.Methods/SafeTuneBed.Methods.csproj
#:project ../SafeTuneBed.Evaluation/SafeTuneBed.Evaluation.csproj
#:package Spectre.Console
// The paper's grid: plain LoRA and its defenses on clean, 5 % and 30 % poisoned data, on the sandbox or on a real model.
//   dotnet run samples/02-compare-defenses.cs [--seeds 3] [--methods none,lora,lisa,vaccine,safe-lora] [--sandbox folder] [--out runs] [--plan]
//   dotnet run samples/02-compare-defenses.cs --model /models/Llama-2-7b-chat-hf --base /models/Llama-2-7b-hf --data /data --accept beavertails --plan
using SafeTuneBed;
using Spectre.Console;

string Option(string name, string fallback) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : fallback;
using var stop = new ConsoleCancellation(); // Ctrl-C: the same command goes on from there
AppDomain.CurrentDomain.UnhandledException += (_, e) => { if (e.ExceptionObject is SafeTuneBedException or OperationCanceledException) { Console.Error.WriteLine(e.ExceptionObject is SafeTuneBedException fault ? fault.Message : "Stopped. The same command goes on from here."); Environment.Exit(stop.ExitCode == 0 ? 1 : stop.ExitCode); } };
string[] known = ["--seeds", "--methods", "--model", "--base", "--data", "--accept", "--sandbox", "--out"];
bool counts = int.TryParse(Option("--seeds", "3"), out int seeds) && seeds > 0;
if ((args.Where(a => a != "--plan").Chunk(2).FirstOrDefault(a => a.Length < 2 || !known.Contains(a[0]))?[0] ?? (counts ? null : "--seeds")) is { } wrong)
    throw new ConfigurationException($"'{wrong}' is no option, or lacks its value, or has a wrong one. Options: --plan; and, each with a value: {string.Join(", ", known)}.");

string output = Option("--out", "runs"), model = Option("--model", ""), beneath = Option("--base", "");
await using var runner = ExperimentRunner.Create(bed =>
    (Option("--sandbox", "") is { Length: > 0 } folder ? bed.UseSandbox(folder) : bed).AddMethods().AddEvaluators().UseRunFolder(output)
        .AddDataRoot(Option("--data", ".")).AcceptLicenses(Option("--accept", "").Split(',', StringSplitOptions.RemoveEmptyEntries)));
DatasetFamily task = model.Length == 0 ? FinetuneDatasets.Sandbox.Sentiment : FinetuneDatasets.Sst2;
var grid = new ExperimentGrid(model.Length == 0 ? "compare-defenses" : $"compare-defenses-{Path.GetFileName(model.TrimEnd('/', '\\'))}")
{
    Models = [model.Length == 0 ? ModelReference.Sandbox : ModelReference.Folder(model) with { Base = beneath.Length == 0 ? null : ModelReference.Folder(beneath) }],
    Methods = Option("--methods", "none,lora,lisa,vaccine,safe-lora").Split(','),
    Datasets = [task.Benign, task.LowHarm, task.HighHarm],
    Evaluators = model.Length == 0 ? ["attack-success", "sandbox-judge", "task-accuracy"] : ["attack-success@advbench", "task-accuracy"],
    Streams = model.Length == 0 ? new Dictionary<string, DatasetSelector>() : new() { ["align"] = SafetyCorpora.BeaverTails, ["harmful"] = HarmfulCorpora.BeaverTails },
    Seeds = [.. Enumerable.Range(0, seeds).Select(i => (ulong)i)],
    Baseline = "lora",
};
GridPlan plan = await runner.PlanAsync(grid);
Console.WriteLine(plan);
if (args.Contains("--plan")) return plan.CanRun ? 0 : 1;

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
Console.WriteLine($"Full report (add guide-mix,random-vaccine,scale-lora to --methods and each stands beside its control): {Path.GetFullPath(Path.Combine(output, grid.Name, "report"))}");
return 0;
