#!/usr/bin/env dotnet
#:project ../SafeTuneBed.Methods/SafeTuneBed.Methods.csproj
#:project ../SafeTuneBed.Evaluation/SafeTuneBed.Evaluation.csproj
// A paper in a file: its grid and its claims, and after the run of each claim whether it is reproduced, not reproduced or undecided. Without a model it is rehearsed on the sandbox.
//   dotnet run samples/09-paper.cs [--seeds 3] [--out runs] [--plan]
//   dotnet run samples/09-paper.cs --model /models/Llama-2-7b-chat-hf --base /models/Llama-2-7b-hf --data /data --accept beavertails --plan
// The plan needs no weights: where a folder is missing it counts what can be counted and says what to get. A judge: --judge gpt-4o-mini-2024-07-18 with OPENAI_API_KEY, or
// --judge my-model --endpoint http://localhost:8000/v1; --judge-prompt <file> is the paper's own prompt for grades. More tasks: --tasks sst2,agnews,gsm8k
using System.Globalization;
using SafeTuneBed;

string Option(string name, string fallback) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : fallback;
using var stop = new ConsoleCancellation(); // Ctrl-C: the same command goes on from there
AppDomain.CurrentDomain.UnhandledException += (_, e) => { if (e.ExceptionObject is SafeTuneBedException or OperationCanceledException) { Console.Error.WriteLine(e.ExceptionObject is SafeTuneBedException fault ? fault.Message : "Stopped. The same command goes on from here."); Environment.Exit(stop.ExitCode == 0 ? 1 : stop.ExitCode); } };
string[] known = ["--model", "--base", "--data", "--accept", "--tasks", "--judge", "--endpoint", "--judge-prompt", "--prices", "--seeds", "--out"];
string[] pairs = [.. args.Where(a => a != "--plan")];
decimal[] prices = [.. Option("--prices", "0.15,0.60").Split(',').Select(p => decimal.TryParse(p, CultureInfo.InvariantCulture, out decimal price) ? price : -1)]; // your provider's, for a million tokens sent and received
if (pairs.Length % 2 != 0 || pairs.Chunk(2).Any(a => !known.Contains(a[0])) || !int.TryParse(Option("--seeds", "3"), out int seeds) || seeds < 1 || prices.Length != 2 || prices.Min() < 0)
    throw new ConfigurationException($"Options: --plan; and, each with a value: {string.Join(", ", known)}.");

string output = Option("--out", "runs"), model = Option("--model", ""), beneath = Option("--base", ""), judge = Option("--judge", ""), prompt = Option("--judge-prompt", "");
Dictionary<string, DatasetFamily> families = new()
{
    ["alpaca"] = FinetuneDatasets.Alpaca, ["dolly"] = FinetuneDatasets.Dolly, ["sst2"] = FinetuneDatasets.Sst2, ["agnews"] = FinetuneDatasets.AgNews,
    ["gsm8k"] = FinetuneDatasets.Gsm8k, ["samsum"] = FinetuneDatasets.Samsum, ["sqlgen"] = FinetuneDatasets.SqlGen,
};
Paper paper = Papers.SafeTuneBed2025;
if (Option("--tasks", "") is { Length: > 0 } tasks)
    paper = paper.OnTasks([.. tasks.Split(',').Select(t => families.GetValueOrDefault(t) ?? throw new ConfigurationException($"There is no task '{t}'. There are: {string.Join(", ", families.Keys)}."))]);
if (model.Length > 0)
    paper = paper.On(ModelReference.Folder(model) with { Base = beneath.Length == 0 ? null : ModelReference.Folder(beneath) });
bool isReal = model.Length > 0 || args.Contains("--data");
paper = isReal ? paper : paper.OnSandbox();
if (isReal && judge.Length == 0) paper = paper.WithoutJudge();
ExperimentGrid grid = paper.Grid with { Seeds = [.. Enumerable.Range(0, seeds).Select(i => (ulong)i)] };
paper = paper with { Grid = grid };

await using var runner = ExperimentRunner.Create(bed =>
{
    bed.AddMethods().AddEvaluators().AddPaper(paper).UseRunFolder(output).AddDataRoot(Option("--data", ".")).AcceptLicenses(Option("--accept", "").Split(',', StringSplitOptions.RemoveEmptyEntries));
    if (judge.Length > 0)
        bed.AddOpenAIJudge("judge", o => { (o.Model, o.PromptPrice, o.CompletionPrice) = (judge, prices[0], prices[1]); o.Endpoint = Option("--endpoint", "") is { Length: > 0 } address ? new Uri(address) : null; });
    if (prompt.Length > 0)
        bed.AddHarmfulness(o => { o.Presets = ["stb15-ref"]; o.PromptFiles = new Dictionary<string, string> { ["stb15-ref"] = prompt }; });
});

GridPlan plan = await runner.PlanAsync(grid, stop.Token);
if (plan.Cells.Count == 0)
{
    var outline = PaperOutline.Of(paper, runner);
    Console.Write(outline);
    if (outline.JudgeCalls > 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The judge's bill at {prices[0]} and {prices[1]} for a million tokens: at most about {outline.JudgeCost(prices[0], prices[1]):0.00}."));
    foreach (string problem in plan.Problems.Except(outline.Grid.Missing)) Console.WriteLine($"Problem: {problem}");
}
else
{
    Console.Write(plan);
    foreach (string why in paper.NotMeasured.Values) Console.WriteLine($"Not measured: {why}");
}

foreach (Claim claim in paper.Claims) Console.WriteLine($"Claim {claim.Name}: {claim.Text} ({claim.Source})");
foreach (string note in paper.Notes) Console.WriteLine($"Note: {note}");
if (args.Contains("--plan") || !plan.CanRun) return plan.CanRun ? 0 : 1;

GridReport report;
try { report = await runner.RunAsync(grid, new Progress<RunProgress>(p => { if (p.Phase is RunPhase.Finished) Console.Error.WriteLine($"{p.CompletedCells}/{p.TotalCells} {p.Cell}"); }), stop.Token); }
catch (GridFailedException e) { Console.Error.WriteLine(e.Message); report = e.Report; } // claims on what failed are undecided

ClaimReport verdicts = paper.Check(report);
Console.WriteLine();
foreach (ClaimResult r in verdicts.Results)
    Console.WriteLine($"{r.Verdict,-14} {r.Claim.Name}: {r.Claim.Text} {(r.Value is { } v ? string.Create(CultureInfo.InvariantCulture, $"Found {v:0.000} [{r.Lower:0.000}, {r.Upper:0.000}], {r.Measured}, {r.Count} items, {r.Seeds} seeds. ") : "")}{r.Reason}");
Console.WriteLine(string.Join(", ", Enum.GetValues<ClaimVerdict>().Select(v => $"{verdicts.Count(v)} {v}")));
string page = Path.Combine(output, grid.Name, "report", "claims.md");
await File.WriteAllTextAsync(page, verdicts.ToMarkdown());
Console.WriteLine($"Claims: {Path.GetFullPath(page)}");
return 0;
