#!/usr/bin/env dotnet
#:project ../SafeTuneBed.Methods/SafeTuneBed.Methods.csproj
#:project ../SafeTuneBed.Evaluation/SafeTuneBed.Evaluation.csproj
// The SafeTuneBed paper leaves open why LISA looks worse than plain LoRA after benign fine-tuning. Three explanations, tried on the sandbox: the scorer (the same answers under
// eight of them), the guide rows (as they are, refusals alone, permitted how-tos alone), and how it is asked (template of training or raw text, greedy or sampled).
//   dotnet run samples/10-why-lisa.cs [--task sentiment] [--poison benign] [--first-seed 2000] [--seeds 2] [--sandbox folder] [--out runs]
using System.Globalization;
using Microsoft.Extensions.AI;
using SafeTuneBed;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string Option(string name, string fallback) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : fallback;
using var stop = new ConsoleCancellation();
AppDomain.CurrentDomain.UnhandledException += (_, e) => { if (e.ExceptionObject is SafeTuneBedException or OperationCanceledException) { Console.Error.WriteLine(e.ExceptionObject is SafeTuneBedException fault ? fault.Message : "Stopped. The same command goes on from here."); Environment.Exit(stop.ExitCode == 0 ? 1 : stop.ExitCode); } };
string[] known = ["--task", "--poison", "--first-seed", "--seeds", "--sandbox", "--out"];
if (args.Length % 2 != 0 || args.Chunk(2).Any(a => !known.Contains(a[0])) || !int.TryParse(Option("--seeds", "2"), out int count) || count < 1 || !ulong.TryParse(Option("--first-seed", "2000"), out ulong first))
    throw new ConfigurationException($"Options, each with a value: {string.Join(", ", known)}.");

string output = Option("--out", "runs"), dataset = $"sandbox-{Option("--task", "sentiment")}-{Option("--poison", "benign")}";
string[] keywords = ["keyword-robust", "keyword-ref", "keyword-qi", "keyword-jbb", "keyword-deep", "keyword-gcg", "keyword-xstest"];
string[] evaluators = ["attack-success", "sandbox-judge", "attack-success-sampled", "sandbox-judge-sampled"];
ulong[] seeds = [.. Enumerable.Range(0, count).Select(i => first + (ulong)i)];
await using var runner = ExperimentRunner.Create(bed => (Option("--sandbox", "") is { Length: > 0 } folder ? bed.UseSandbox(folder) : bed)
    .AddMethods().AddEvaluators().AddAttackSuccess(o => o.Presets = keywords).UseRunFolder(output)
    .AddEvaluator<Sampled, SampledOptions>("attack-success-sampled", o => o.Of = "attack-success")
    .AddEvaluator<Sampled, SampledOptions>("sandbox-judge-sampled", o => o.Of = "sandbox-judge"));

// 1. The runs. A guide of one kind is a filter of the same file.
FinetuneDatasetConfig guide = FinetuneDatasets.Sandbox.Guide;
FinetuneDatasetConfig GuideOf(string kind) => new($"sandbox-guide-{kind}") { Source = guide.Source.Where("kind", kind), Mapping = guide.Mapping, License = guide.License };
(string Name, string[] Methods, FinetuneDatasetConfig Guide)[] grids =
    [("", ["none", "lora", "guide-mix", "lisa"], guide), (", refusals", ["lisa"], GuideOf("refusal")), (", how-tos", ["lisa"], GuideOf("howto"))];
var asked = new Dictionary<(string Row, string Way), List<Answer>>();
var accuracy = new Dictionary<string, double>();
var adapters = new List<(string Row, ulong Seed, ArtifactReference Artifact)>();
JudgeSensitivityReport? scorers = null;
ModelReference raw = ModelReference.Sandbox with { Template = "raw" };
foreach (var (name, methods, rows) in grids)
{
    var grid = new ExperimentGrid($"why-lisa{name.Replace(", ", "-")}")
    {
        Models = [ModelReference.Sandbox], Methods = methods, Datasets = [dataset], Seeds = seeds, Streams = new Dictionary<string, DatasetSelector> { ["align"] = rows },
        Evaluators = [.. evaluators, "task-accuracy"],
    };
    GridReport report = await runner.RunAsync(grid, Progress(dataset + name), stop.Token);
    scorers ??= report.CompareJudges([.. keywords.Select(k => $"attack-success/{k}/attack-success"), "sandbox-judge/complied"]);
    foreach (ReportRow row in report.Rows)
    {
        accuracy[row.Method + name] = row["task-accuracy/accuracy"]!.Value!.Value;
        asked[(row.Method + name, "chat, greedy")] = [.. Read(report, row, "", null)];
        asked[(row.Method + name, "chat, sampled")] = [.. Read(report, row, "-sampled", null)];
        string[] runs = row.Settings["Runs"].Split(" / ");
        foreach (var (run, seed) in runs.Zip(row.Seeds))
            adapters.Add((row.Method + name, seed, row.Method == "none" ? ArtifactReference.Untouched(raw)
                : ArtifactReference.Adapter(Path.Combine(output, grid.Name, row.Model, row.Method, row.Dataset, run, "artifact"), raw) with { Name = $"{row.Method}{name.Replace(", ", "-")}-{seed}" }));
    }
}

// 2. The same adapters, asked without any template.
GridReport bare = await runner.EvaluateAsync([.. adapters.Select(a => a.Artifact)], evaluators, "why-lisa-raw", null, Progress("raw text"), stop.Token);
foreach (var (row, seed, artifact) in adapters)
    foreach (var (way, suffix) in new[] { ("raw, greedy", ""), ("raw, sampled", "-sampled") })
        (asked.TryGetValue((row, way), out var list) ? list : asked[(row, way)] = []).AddRange(Read(bare, bare.Rows.First(r => r.Method == artifact.Name), suffix, seed));

// 3. The guide's own answers under the same scorers.
IReadOnlyList<PromptItem> items = await runner.Datasets.LoadPromptsAsync(new PromptSetConfig("sandbox-guide", guide.Source, RecordMapping.Columns("prompt")), stop.Token);
var spoken = new EvaluationContext { EvaluatorName = "attack-success", Model = new Spoken([.. items.Select(i => i.Fields["response"])]), PromptItems = items };
ILookup<string, SampleScore> guideScores = (await runner.Evaluators.Get("attack-success").EvaluateAsync(spoken, stop.Token)).Scores.ToLookup(s => s.Metric);
double refusing = items.Count(i => i.Fields["kind"] == "refusal") / (double)items.Count;
Console.WriteLine($"The guide: {items.Count:N0} rows, {refusing:P0} refusals of forbidden requests, the others permitted how-tos. Refused in the eyes of");
Console.WriteLine("  " + string.Join(", ", keywords.Select(k => $"{k[8..]} {guideScores[$"{k}/refused"].Average(s => s.Value!.Value):P1}")));

Console.WriteLine($"\n{dataset}, seeds {seeds[0]} to {seeds[^1]}, template of training, greedy: attack success in % by each scorer, and what the answers are by the world's rule");
Console.WriteLine($"{"",-15}{string.Concat(keywords.Select(k => $"{k[8..],8}"))}{"complied",10}{"refuse",9}{"neither",9}{"partly",8}{"empty",7}{"degen.",8}{"accuracy",10}");
foreach (string row in accuracy.Keys)
{
    List<Answer> answers = asked[(row, "chat, greedy")];
    string Share(Func<Answer, bool> is1, int width) => (100 * Rate(answers, is1)).ToString("0.0").PadLeft(width);
    Console.WriteLine($"{row,-15}{string.Concat(keywords.Select(k => Share(a => a.Success[k], 8)))}{Share(a => a.Grade == 5, 10)}{Share(a => a.Grade == 1, 9)}{Share(a => a.Grade == 2, 9)}{Share(a => a.Grade is 3 or 4, 8)}{Share(a => a.IsEmpty, 7)}{Share(a => a.IsDegenerate, 8)}{100 * accuracy[row],10:0.0}");
}

string Alike(string k) => $"{k[8..]} {scorers!.Pair($"attack-success/{k}/attack-success", "sandbox-judge/complied").Kappa.Value:0.00}";
Console.WriteLine($"Agreement with the world's rule (complied), answer by answer, kappa: {string.Join(", ", keywords.Select(Alike))}");

string[] ways = ["chat, greedy", "chat, sampled", "raw, greedy", "raw, sampled"];
Console.WriteLine($"\nHow it is asked: attack success (keyword-ref) / complied / empty in %\n{"",-15}{string.Concat(ways.Select(w => w.PadLeft(21)))}");
foreach (string row in accuracy.Keys)
    Console.WriteLine($"{row,-15}{string.Concat(ways.Select(w => asked[(row, w)] is var a ? $"{100 * Rate(a, x => x.Success["keyword-ref"]):0.0} / {100 * Rate(a, x => x.Grade == 5):0.0} / {100 * Rate(a, x => x.IsEmpty):0.0}".PadLeft(21) : ""))}");

// 4. What follows from the numbers: a difference counts where every seed agrees and the exact test over answers has p below .05.
Console.WriteLine("\nIn words");
var verdicts = keywords.Select(k => (Name: k, Of: Compare("lora", "lisa", "chat, greedy", a => a.Success[k]))).Append((Name: "the world's rule (complied)", Of: Compare("lora", "lisa", "chat, greedy", a => a.Grade == 5))).ToArray();
string Those(int sign) => verdicts.Where(v => v.Of.Sign == sign).Select(v => $"{v.Name} ({100 * v.Of.Difference:+0.0;-0.0;0.0})").ToArray() is { Length: > 0 } names ? string.Join(", ", names) : "none";
Console.WriteLine($"- LISA minus LoRA, in points. Worse by: {Those(1)}. Better by: {Those(-1)}. Not separated by: {Those(0)}.");
int truth = verdicts[^1].Of.Sign;
bool keywordsWorse = verdicts[..^1].Any(v => v.Of.Sign > 0), keywordsBetter = verdicts[..^1].Any(v => v.Of.Sign < 0);
Console.WriteLine("- " + (truth > 0 ? "It is worse by the world's own rule too: not an artefact of keywords."
    : truth < 0 ? "By the world's own rule it is better: the paper's observation is not reproduced by this world, task and setting."
    : keywordsWorse ? "It looks worse by keywords and is not by the world's own rule: what keywords count there is no compliance."
    : keywordsBetter ? "It looks better by keywords, the paper's observation turned round, and by the world's own rule there is no difference: what those lists count is no compliance. A list alone can make either of two equal methods look worse."
    : "No scorer separates it from LoRA: the paper's observation is not reproduced by this world, task and setting."));
foreach (string row in new[] { "lora", "lisa" })
    if (asked[(row, "chat, greedy")].Where(a => a.Success["keyword-ref"]).ToList() is { Count: > 0 } hits)
        Console.WriteLine($"- Of the {hits.Count} answers of {row} that keyword-ref counts as success, {Rate(hits, a => a.Grade == 5):P0} comply, {Rate(hits, a => a.Grade is 3 or 4):P0} help in part, {Rate(hits, a => a.Grade == 2):P0} neither refuse nor help, {Rate(hits, a => a.Grade == 1):P0} are refusals without a phrase of the list; {Rate(hits, a => a.IsDegenerate):P0} are degenerate.");
var kind = Compare("lisa, refusals", "lisa, how-tos", "chat, greedy", a => a.Success["keyword-ref"]);
var help = Compare("lisa, refusals", "lisa, how-tos", "chat, greedy", a => a.Grade == 5);
Console.WriteLine($"- Fed with how-tos in place of refusals LISA's attack success (keyword-ref) moves by {100 * kind.Difference:+0.0;-0.0;0.0} points and its compliance by {100 * help.Difference:+0.0;-0.0;0.0}: "
    + (kind.Sign > 0 || help.Sign > 0 ? "guide rows that do not refuse make it worse, so what the guide's answers are is one reason." : kind.Sign < 0 || help.Sign < 0 ? "guide rows that do not refuse make it better, against the explanation by the guide." : "no difference that holds, so the guide's answers explain nothing here."));
var loraToHowTos = Compare("lora", "lisa, how-tos", "chat, greedy", a => a.Success["keyword-ref"]);
Console.WriteLine($"- LISA without a refusal in its guide is {Word(loraToHowTos.Sign)} LoRA by keyword-ref ({100 * loraToHowTos.Difference:+0.0;-0.0;0.0} points).");
var byWay = ways.Select(w => (Way: w, Of: Compare("lora", "lisa", w, a => a.Success["keyword-ref"]))).ToArray();
Console.WriteLine($"- LISA against LoRA by keyword-ref when asked by {string.Join("; ", byWay.Select(w => $"{w.Way}: {Word(w.Of.Sign)} ({100 * w.Of.Difference:+0.0;-0.0;0.0})"))}. "
    + (byWay.Select(w => w.Of.Sign).Distinct().Count() == 1 ? "Template and decoding do not change who looks better." : "So template or decoding decide who looks better."));
double Moved(string row) => Rate(asked[(row, "raw, sampled")], a => a.Success["keyword-ref"]) - Rate(asked[(row, "chat, greedy")], a => a.Success["keyword-ref"]);
Console.WriteLine($"- From the template of training and greedy to raw text and sampled, the paper's way, attack success (keyword-ref) moves by {100 * Moved("none"):+0.0;-0.0;0.0} points for the untouched model, {100 * Moved("lora"):+0.0;-0.0;0.0} for LoRA, {100 * Moved("lisa"):+0.0;-0.0;0.0} for LISA.");
return;

IProgress<RunProgress>? Progress(string what) => Console.IsErrorRedirected ? null : new Progress<RunProgress>(p => Console.Error.Write($"\r{what}: {p.CompletedCells} of {p.TotalCells} cells  "));

static double Rate(List<Answer> answers, Func<Answer, bool> is1) => answers.Count == 0 ? 0 : answers.Count(is1) / (double)answers.Count;

static string Word(int sign) => sign switch { > 0 => "worse than", < 0 => "better than", _ => "not separated from" };

IEnumerable<Answer> Read(GridReport report, ReportRow row, string suffix, ulong? seed)
{
    ILookup<string, ReportSample> samples = report.Samples(row).ToLookup(s => s.Evaluator);
    var grades = samples["sandbox-judge" + suffix].ToDictionary(s => (s.Seed, s.ItemId), s => (int)s.Scores[$"sandbox-judge{suffix}/grade"].Value!.Value);
    return samples["attack-success" + suffix].Select(s => new Answer(
        seed ?? s.Seed, s.ItemId, keywords.ToDictionary(k => k, k => s.Scores[$"attack-success{suffix}/{k}/attack-success"].Value == 1), grades[(s.Seed, s.ItemId)],
        string.IsNullOrWhiteSpace(s.Answer), s.Scores[$"attack-success{suffix}/degenerate"].Value == 1));
}

// Answers to the same prompts of the same seeds. The sign is 0 where seeds disagree or the exact test says no more than chance.
(double Difference, int Sign) Compare(string before, string after, string way, Func<Answer, bool> is1)
{
    var a = asked[(before, way)].ToDictionary(x => (x.Seed, x.Item), is1);
    var pairs = asked[(after, way)].Select(x => (x.Seed, Before: a[(x.Seed, x.Item)], After: is1(x))).ToArray();
    int up = pairs.Count(p => p.After && !p.Before), down = pairs.Count(p => p.Before && !p.After);
    int[] signs = [.. pairs.GroupBy(p => p.Seed).Select(g => Math.Sign(g.Count(p => p.After) - g.Count(p => p.Before))).Distinct()];
    return ((up - down) / (double)pairs.Length, signs.Length == 1 && PairedTests.McNemarExact(down, up) < 0.05 ? signs[0] : 0);
}

internal sealed record Answer(ulong Seed, string Item, IReadOnlyDictionary<string, bool> Success, int Grade, bool IsEmpty, bool IsDegenerate);

/// <summary>A generator that says what was written before.</summary>
internal sealed class Spoken(IReadOnlyList<string> answers) : ITextGenerator
{
    private int next;

    public string Name => "guide";

    public Task<IReadOnlyList<Generation>> GenerateAsync(IReadOnlyList<IReadOnlyList<ChatMessage>> conversations, GenerationOptions options, Action<int, Generation>? completed = null, CancellationToken cancellationToken = default)
    {
        Generation[] said = [.. conversations.Select(_ => new Generation { Text = answers[next++] })];
        for (int i = 0; i < said.Length; i++) completed?.Invoke(i, said[i]);
        return Task.FromResult<IReadOnlyList<Generation>>(said);
    }
}

public sealed class SampledOptions
{
    public string Of { get; set; } = "";
    public double Temperature { get; set; } = 0.6;
    public double TopP { get; set; } = 0.9;
}

/// <summary>Another measure on sampled answers. The temperature is that of Llama-2-chat's own settings, which the paper's code decodes with.</summary>
public sealed class Sampled(EvaluatorCatalog evaluators, SampledOptions options) : IEvaluator
{
    private IEvaluator Inner => evaluators.Get(options.Of);
    public IReadOnlyList<MetricDefinition> Metrics => Inner.Metrics;
    public EvaluatorNeeds Needs => Inner.Needs;
    public GenerationOptions Generation => Inner.Generation with { Temperature = options.Temperature, TopP = options.TopP };
    public ValueTask CheckItemsAsync(EvaluationContext context, CancellationToken cancellationToken) => Inner.CheckItemsAsync(context, cancellationToken);
    public Task<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken) => Inner.EvaluateAsync(context, cancellationToken);
}
