#!/usr/bin/env dotnet
#:project ../SafeTuneBed.Methods/SafeTuneBed.Methods.csproj
#:project ../SafeTuneBed.Evaluation/SafeTuneBed.Evaluation.csproj
// Does a finding hold on seeds that nobody tuned on? Methods on the sandbox, each beside the first one and beside its control, seed by seed.
// Any registered method or pipeline can be named, and these variants: vaccine-0, vaccine-01, vaccine-1, vaccine-5, vaccine-10 (rho 0, 0.1, ...); safe-lora-1 to -6 and scale-lora-1 to -6 (layers projected, layers shrunk); booster-0, -50, -500 (lambda);
// sppft-block-0 to -2; lora-slow (a quarter of the rate); guide-mix-half (every other step); safe-grad-no-pull (rho 0); antidote-size (without a look at rows); constrained-sft-mild (beta 0.1 everywhere).
//   dotnet run samples/12-fresh-seeds.cs [--tasks sentiment,topic,instruct] [--methods lora,guide-mix,lisa,lisa-no-pull,pull-only,pull-only-weak] [--first-seed 1000] [--seeds 12]
//                                        [--model sandbox|sandbox-base] [--poison high|medium|low] [--prompts sandbox|sandbox-new-verbs] [--sandbox folder] [--out runs]
using System.Globalization;
using SafeTuneBed;
using SafeTuneBed.Methods.Antidote;
using SafeTuneBed.Methods.Booster;
using SafeTuneBed.Methods.ConstrainedSft;
using SafeTuneBed.Methods.GuideMix;
using SafeTuneBed.Methods.Lisa;
using SafeTuneBed.Methods.Lora;
using SafeTuneBed.Methods.SafeGrad;
using SafeTuneBed.Methods.SafeLora;
using SafeTuneBed.Methods.ScaleLora;
using SafeTuneBed.Methods.Sppft;
using SafeTuneBed.Methods.Vaccine;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string Option(string name, string fallback) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : fallback;
using var stop = new ConsoleCancellation();
AppDomain.CurrentDomain.UnhandledException += (_, e) => { if (e.ExceptionObject is SafeTuneBedException or OperationCanceledException) { Console.Error.WriteLine(e.ExceptionObject is SafeTuneBedException fault ? fault.Message : "Stopped. The same command goes on from here."); Environment.Exit(stop.ExitCode == 0 ? 1 : stop.ExitCode); } };
string[] known = ["--model", "--poison", "--tasks", "--methods", "--first-seed", "--seeds", "--prompts", "--sandbox", "--out"];
bool counts = int.TryParse(Option("--seeds", "12"), out int seeds) && seeds > 0, begins = ulong.TryParse(Option("--first-seed", "1000"), out ulong first);
if ((args.Chunk(2).FirstOrDefault(a => a.Length < 2 || !known.Contains(a[0]))?[0] ?? (!counts ? "--seeds" : !begins ? "--first-seed" : null)) is { } wrong)
    throw new ConfigurationException($"'{wrong}' is no option, or lacks its value, or has a wrong one. Options, each with a value: {string.Join(", ", known)}.");

string[] methods = Option("--methods", "lora,guide-mix,lisa,lisa-no-pull,pull-only,pull-only-weak").Split(',');
await using var runner = ExperimentRunner.Create(bed => Sweeps(
    (Option("--sandbox", "") is { Length: > 0 } folder ? bed.UseSandbox(folder) : bed).AddMethods().AddEvaluators().UseRunFolder(Option("--out", "runs"))
        // LISA in its two halves: taking turns without the pull (the paper's BSO), and the pull to the start without a row of the defender.
        .AddMethod<LisaAlgorithm, LisaOptions>("lisa-no-pull", o => o.Rho = 0)
        .AddMethod<LisaAlgorithm, LisaOptions>("pull-only", o => (o.AlignmentSteps, o.Rho) = (0, 0.3))
        .AddMethod<LisaAlgorithm, LisaOptions>("pull-only-weak", o => (o.AlignmentSteps, o.Rho) = (0, 0.1))));
string at = Option("--prompts", "sandbox") is var prompts && prompts == "sandbox" ? "" : $"@{prompts}";
(string Name, string Key)[] measures =
    [("attack success", $"attack-success{at}/keyword-robust/attack-success"), ("complied", $"sandbox-judge{at}/complied"), ("accuracy", "task-accuracy/accuracy")];
foreach (string task in Option("--tasks", "sentiment,topic,instruct").Split(','))
{
    string dataset = $"sandbox-{task}-{Option("--poison", "high")}";
    GridReport report = await runner.RunAsync(
        new ExperimentGrid($"fresh-seeds-{(Option("--model", "sandbox") == "sandbox" ? "" : "base-")}{task}-{Option("--poison", "high")}-{prompts}")
        {
            Models = [Option("--model", "sandbox")],
            Methods = ["none", .. methods],
            Datasets = [dataset],
            Evaluators = [$"attack-success{at}", $"sandbox-judge{at}", "task-accuracy"],
            Seeds = [.. Enumerable.Range(0, seeds).Select(i => first + (ulong)i)],
            Baseline = methods[0],
        },
        Console.IsErrorRedirected ? null : new Progress<RunProgress>(p => Console.Error.Write($"\r{dataset}: {p.CompletedCells} of {p.TotalCells} cells  ")),
        stop.Token);
    Console.WriteLine($"\n{dataset}, seeds {first} to {first + (ulong)seeds - 1}: mean over seeds in %, half of its 95 % interval; seeds below : above {methods[0]}, two-sided sign test");
    foreach (ReportRow row in report.Rows)
    {
        Console.Write($"{row.Method,-16}");
        foreach (var (name, key) in measures)
        {
            double[] values = Values(row, key);
            string half = values.Length > 1 ? $" ± {50 * (Intervals.StudentT(values).Upper - Intervals.StudentT(values).Lower),4:0.0}" : "       ";
            Console.Write($"  {name} {100 * values.Average(),5:0.0}{half}{Sign(values, Values(report.Row(methods[0], dataset), key)),-22}");
        }

        Console.WriteLine();
    }
}

static ISafeTuneBedBuilder Sweeps(ISafeTuneBedBuilder bed)
{
    foreach (double rho in new[] { 0, 0.1, 1, 5, 10 })
        bed = bed.AddMethod<VaccineAlgorithm, VaccineOptions>($"vaccine-{rho}".Replace(".", ""), o => (o.Rho, o.Training.Steps, o.Training.BatchSize) = (rho, 200, 10)); // else as vaccine on the sandbox
    foreach (double lambda in new[] { 0.0, 50, 500 })
        bed = bed.AddMethod<BoosterAlgorithm, BoosterOptions>($"booster-{lambda}", o => (o.Lambda, o.Training.Steps, o.Training.BatchSize, o.Training.LearningRate) = (lambda, 200, 10, 1e-3));
    for (int i = 0; i < 3; i++)
    {
        int block = i;
        bed = bed.AddMethod<SppftAlgorithm, SppftOptions>($"sppft-block-{i}", o => (o.FirstFrozen, o.LastFrozen) = (block, block));
    }

    for (int i = 1; i <= 6; i++)
    {
        int layers = i;
        bed = bed.AddMethod<SafeLoraAlgorithm, SafeLoraOptions>($"safe-lora-{i}", o => o.Number = layers).AddMethod<ScaleLoraAlgorithm, ScaleLoraOptions>($"scale-lora-{i}", o => o.Number = layers);
    }

    return bed
        .AddMethod<LoraAlgorithm>("lora-slow").AddExperimentOverlays([new ExperimentOverlay("lora-slow") { Training = new TrainingOptions { LearningRate = 5e-4 } }])
        .AddMethod<GuideMixAlgorithm, GuideMixOptions>("guide-mix-half", o => (o.AlignmentSteps, o.FineTuningSteps) = (1, 1))
        .AddMethod<SafeGradAlgorithm, SafeGradOptions>("safe-grad-no-pull", o => o.Rho = 0)
        .AddMethod<AntidoteAlgorithm, AntidoteOptions>("antidote-size", o => o.WeighsInputs = false)
        .AddMethod<ConstrainedSftAlgorithm, ConstrainedSftOptions>("constrained-sft-mild", o => o.EarlyFactor = 1);
}

static double[] Values(ReportRow row, string key) => [.. row[key]!.SeedValues.OfType<double>()];

// The exact sign test over seeds is McNemar's exact test of their counts. An untrained model has one seed and gets none.
static string Sign(double[] values, double[] baseline)
{
    if (values.Length != baseline.Length || values.Length < 2 || values.SequenceEqual(baseline)) return "";
    int below = values.Zip(baseline).Count(p => p.First < p.Second), above = values.Zip(baseline).Count(p => p.First > p.Second);
    return $" ({below}:{above}, p {PairedTests.McNemarExact(below, above):0.0000})";
}
