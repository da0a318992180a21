#!/usr/bin/env dotnet
#:project ../SafeTuneBed.Methods/SafeTuneBed.Methods.csproj
#:project ../SafeTuneBed.Evaluation/SafeTuneBed.Evaluation.csproj
// A data set of your own: registered, counted, poisoned exactly, previewed, planned. No weight is loaded, nothing is trained.
//   dotnet run samples/05-own-dataset.cs [--out runs]
//   dotnet run samples/05-own-dataset.cs --counts                                    the counts of all 43 real sets, from no file at all
//   dotnet run samples/05-own-dataset.cs --count 777 --ratio 0.29 [--mode Replace]   the counts of any numbers (Replace, Add)
//   dotnet run samples/05-own-dataset.cs --data /data [--accept alpaca,beavertails]  which files are missing, and where they come from
using System.Globalization;
using SafeTuneBed;

string Option(string name, string fallback) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : fallback;
AppDomain.CurrentDomain.UnhandledException += (_, e) => { if (e.ExceptionObject is SafeTuneBedException fault) { Console.Error.WriteLine(fault.Message); Environment.Exit(1); } };
string[] known = ["--out", "--count", "--ratio", "--mode", "--data", "--accept"];
if (args.Where(a => a != "--counts").Chunk(2).FirstOrDefault(a => a.Length < 2 || !known.Contains(a[0]))?[0] is { } wrong)
    throw new ConfigurationException($"'{wrong}' is no option, or lacks its value. Options: --counts; and, each with a value: {string.Join(", ", known)}.");
string output = Option("--out", "runs");

// 1. The file: any JSON Lines, JSON, CSV, TSV or Parquet of yours. Here one is made up.
Directory.CreateDirectory(output);
string file = Path.GetFullPath(Path.Combine(output, "opinions.csv"));
string[] things = ["film", "song", "book", "meal", "game"], good = ["loved", "enjoyed", "liked"], bad = ["hated", "disliked"];
File.WriteAllLines(file, ["text,mood", .. from thing in things from day in Enumerable.Range(1, 20) from word in good.Concat(bad) select $"On day {day} I {word} the {thing}.,{(good.Contains(word) ? 1 : 0)}"]);

// 2. The recipe: where rows are, how a record becomes a request and an answer, how many.
var opinions = new FinetuneDatasetConfig("opinions")
{
    Source = DatasetSource.Csv(file),
    Mapping = RecordMapping.Labeled("Is the opinion negative or positive?", input: "text", label: "mood", "negative", "positive"),
    Count = 300,
    Stratify = StratifyBy.Label,
    License = new DataLicense("MIT"),
};

// 3. Registered under six regimes: benign, 5 %, 15 %, 30 % poison, poison alone, poison added.
await using var runner = ExperimentRunner.Create(bed => bed
    .AddMethods().AddEvaluators().UseRunFolder(output).AddDataRoot(Option("--data", "."))
    .AcceptLicenses(Option("--accept", "").Split(',', StringSplitOptions.RemoveEmptyEntries))
    .AddDatasets(opinions.Variants(HarmfulCorpora.Sandbox)));

if (args.Contains("--counts"))
{
    Console.Write(runner.Datasets.CountTable(FinetuneDatasets.Real));
    return;
}

if (args.Contains("--count"))
{
    int count = int.Parse(Option("--count", "1000"), CultureInfo.InvariantCulture);
    decimal ratio = decimal.Parse(Option("--ratio", "0.3"), CultureInfo.InvariantCulture);
    Console.WriteLine(CountPlan.Compute(Enum.Parse<MixMode>(Option("--mode", "Replace"), ignoreCase: true), count, ratio));
    return;
}

if (args.Contains("--data"))
{
    var sets = FinetuneDatasets.Real.Select(s => (s.Name, Faults: runner.Datasets.FindFaults(s))).Concat(PromptSets.All.Select(s => (Name: $"@{s.Name}", Faults: runner.Datasets.FindFaults(s)))).ToList();
    Console.WriteLine($"Ready: {string.Join(", ", sets.Where(s => s.Faults.Count == 0).Select(s => s.Name))}\n");
    foreach (var fault in sets.SelectMany(s => s.Faults.Select(f => (s.Name, f.Message, IsFile: f is ConfigurationException))).GroupBy(f => (f.IsFile, f.Message)).OrderBy(f => f.Key.IsFile))
        Console.WriteLine($"{fault.Key.Message}{(fault.Key.IsFile ? $"\n  for {string.Join(", ", fault.Select(f => f.Name))}\n" : "")}");
    return;
}

// 4. Exact counts of a grid, before any file is opened; then the rows themselves are checked, and the plan shows the first of each set with its masked tokens.
var grid = new ExperimentGrid("own-dataset")
{
    Models = [ModelReference.Sandbox],
    Methods = ["lora"],
    Datasets = ["opinions-benign", "opinions-high", opinions with { Name = "opinions-12", Task = "opinions", PoisonRatio = 0.12m, HarmfulSource = HarmfulCorpora.Sandbox }],
    Evaluators = ["attack-success"],
};
Console.WriteLine(runner.Datasets.CountTable(grid));
Console.WriteLine(await runner.Datasets.ValidateAsync(runner.Datasets.Get("opinions-high")) is var check ? $"From the files: {check.Realized}\n" : "");
Console.Write(await runner.PlanAsync(grid));
