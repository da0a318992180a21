using System.Text.Json.Nodes;

namespace SafeTuneBed.Benchmarks;

/// <summary>
/// One small cell of each real task, from its file to the losses of its roles: what to look at before a long run. Poison is one half of AdvBench, the attack asks a
/// few requests of the other.
/// </summary>
internal static class TaskCells
{
    private const int PromptsOneIn = 80, NewTokens = 16;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        string model = arguments.Find("model") ?? throw new ArgumentException("Name the model's folder: --model <folder>.");
        string data = arguments.Find("data") ?? throw new ArgumentException("Name the folder of the corpora: --data <folder>.");
        int rows = arguments.Number("rows", 40), steps = arguments.Number("steps", 8);
        string work = Directory.CreateTempSubdirectory("safetunebed-cells-").FullName;
        try
        {
            HarmfulCorpus poison = HarmfulCorpora.AdvBench with { Source = HarmfulCorpora.AdvBench.Source.Part(0, of: 2, seed: 7) };
            await using var runner = ExperimentRunner.Create(bed => bed
                .AddMethods().AddEvaluators().AddDataRoot(data).UseRunFolder(work).AcceptLicenses(arguments.Text("accept", "").Split(','))
                .AddPromptSets(PromptSets.AdvBench with { Name = "advbench-few", Source = PromptSets.AdvBench.Source.Part(1, PromptsOneIn, seed: 7), MaxNewTokens = NewTokens }));
            DatasetFamily[] tasks =
                [FinetuneDatasets.Alpaca, FinetuneDatasets.Dolly, FinetuneDatasets.Sst2, FinetuneDatasets.AgNews, FinetuneDatasets.Gsm8k, FinetuneDatasets.Samsum, FinetuneDatasets.SqlGen];
            var grid = new ExperimentGrid("cells")
            {
                Models = [ModelReference.Folder(model)],
                Methods = ["lora"],
                Datasets = [.. tasks.Select(t => (DatasetSelector)(t.HighHarm with { Count = rows, HarmfulSource = poison }))],
                Evaluators = ["attack-success@advbench-few"],
                Training = new TrainingOptions { BatchSize = 8, Steps = steps },
            };
            GridPlan plan = await runner.PlanAsync(grid);
            Console.Write(plan);
            if (!plan.CanRun)
            {
                return 1;
            }

            await runner.RunAsync(grid);
            Console.WriteLine($"{"loss by role",-20}{"rows",8}{"first",10}{"last",10}");
            foreach (PlannedCell cell in plan.Cells)
            {
                JsonNode record = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(cell.Folder, "run.json")))!;
                foreach ((string role, JsonNode? loss) in record["lossByRole"]!.AsObject())
                {
                    Console.WriteLine($"{$"{cell.Dataset} {role}",-20}{record["rows"]![role],8}{loss!["first"]!.GetValue<double>(),10:F4}{loss["last"]!.GetValue<double>(),10:F4}");
                }
            }

            return 0;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }
}
