#!/usr/bin/env dotnet
#:project ../SafeTuneBed.Methods/SafeTuneBed.Methods.csproj
#:project ../SafeTuneBed.Evaluation/SafeTuneBed.Evaluation.csproj
// A defense of your own, whole, beside plain LoRA and beside its control: gradient surgery (after Yu et al. 2020, arXiv 2001.06782). About a minute.
//   dotnet run samples/03-write-a-defense.cs [--seeds 2] [--out runs]
//   dotnet run samples/03-write-a-defense.cs --verify     what every method must keep: repeats, resumes, leaks nothing, ...
using System.ComponentModel.DataAnnotations;
using SafeTuneBed;

string Option(string name, string fallback) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : fallback;
AppDomain.CurrentDomain.UnhandledException += (_, e) => { if (e.ExceptionObject is SafeTuneBedException fault) { Console.Error.WriteLine(fault.Message); Environment.Exit(1); } };
if (args is ["--verify"]) { Console.WriteLine(await MethodConformance.VerifyAsync<SurgeryAlgorithm, SurgeryOptions>()); return; }
bool counts = int.TryParse(Option("--seeds", "2"), out int seeds) && seeds > 0;
if ((args.Chunk(2).FirstOrDefault(a => a.Length < 2 || a[0] is not ("--seeds" or "--out"))?[0] ?? (counts ? null : "--seeds")) is { } wrong)
    throw new ConfigurationException($"'{wrong}' is no option, or lacks its value, or has a wrong one. Options: --seeds <1 or more>, default 2; --out <folder>, default runs; or --verify alone.");

await using var runner = ExperimentRunner.Create(bed => bed
    .AddMethods().AddEvaluators().UseRunFolder(Option("--out", "runs"))
    .AddMethod<SurgeryAlgorithm, SurgeryOptions>("surgery")
    .AddMethod<SurgeryAlgorithm, SurgeryOptions>("surgery-control", o => o.Project = false)); // the same rows and passes, and no surgery
GridReport report = await runner.RunAsync(new ExperimentGrid("write-a-defense")
{
    Models = [ModelReference.Sandbox],
    Methods = ["none", "lora", "surgery", "surgery-control"],
    Datasets = [FinetuneDatasets.Sandbox.Sentiment.HighHarm],
    Evaluators = ["attack-success", "sandbox-judge", "task-accuracy"],
    Seeds = [.. Enumerable.Range(0, seeds).Select(i => (ulong)i)],
    Baseline = "lora",
});
var table = report.ToTable();
Console.WriteLine(string.Join(" | ", table.Headings));
foreach (var row in table.Rows) Console.WriteLine(string.Join(" | ", row));
foreach (string key in new[] { "sandbox-judge/complied", "task-accuracy/accuracy" })
{
    PairedComparison surgery = report.Compare(Row("surgery-control"), Row("surgery"), key);
    Console.WriteLine($"surgery minus its control, {key}: {surgery.Difference:P1} [{surgery.Lower:P1}, {surgery.Upper:P1}], {surgery.Pairs} pairs");
}

ReportRow Row(string method) => report.Row(method, "sandbox-sentiment-high");

/// <summary>Settings.</summary>
public sealed class SurgeryOptions : MethodOptions
{
    /// <summary>Weight of the defender's gradient.</summary>
    [Range(0, 100)] public double Rho { get; set; } = 0.1;

    /// <summary>Whether the user's gradient loses the part that raises the defender's loss; false is the control.</summary>
    public bool Project { get; set; } = true;
}

/// <summary>Takes from the user's gradient what would raise the loss on the defender's rows, then adds a little of the defender's own.</summary>
public sealed class SurgeryAlgorithm : MethodAlgorithm<SurgeryOptions>
{
    public override MethodNeeds Needs => MethodNeeds.Stream("align"); // the sandbox has such rows; a grid names others in Streams

    protected override void ComputeGradients(TrainingStep step)
    {
        using GradientSet user = step.Gradients(step.Batch), guard = step.Gradients(step.Stream("align").Next());
        double dot = user.Dot(guard);
        if (Options.Project && dot < 0)
        {
            user.AddScaled(guard, -dot / guard.SquaredNorm());
        }

        step.Accumulate(user);
        step.Accumulate(guard, Options.Rho);
        step.Log("cosine", dot / (user.Norm() * guard.Norm())); // into train.jsonl
    }
}
