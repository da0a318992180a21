using System.Text.Json.Nodes;
using SafeTuneBed.Tests.Core.Models;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>Each real task from its public file through plan, preview and training, on a random Llama of a few neurons with the real Llama-2 tokenizer.</summary>
[Collection(TorchCollection.Name)]
public sealed class RealTaskTests : IDisposable
{
    private const int Rows = 20;

    private readonly string runs = Directory.CreateTempSubdirectory("safetunebed-").FullName;

    public void Dispose() => Directory.Delete(runs, recursive: true);

    [Fact]
    public async Task RunAsync_OneCellOfEachTask_ReportsLossByRole()
    {
        string data = SharedFolder.Require("data"), tokenizer = SharedFolder.Require("golden", "tokenizers", "llama2_sentencepiece");
        using var model = new TinyModel(new TinyShape { Vocabulary = 32_000, Context = 2_048, Tied = true });
        foreach (string file in new[] { "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json" })
        {
            File.WriteAllBytes(Path.Combine(model.Folder, file), File.ReadAllBytes(Path.Combine(tokenizer, file)));
        }

        HarmfulCorpus poison = HarmfulCorpora.AdvBench with { Source = HarmfulCorpora.AdvBench.Source.Part(0, of: 2, seed: 7) };
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed
            .AddMethods().AddEvaluators().AddDataRoot(data).AcceptLicenses("alpaca", "agnews", "samsum").UseRunFolder(runs)
            .AddPromptSets(PromptSets.AdvBench with { Name = "advbench-few", Source = PromptSets.AdvBench.Source.Part(1, of: 80, seed: 7), MaxNewTokens = 2 }));
        DatasetFamily[] tasks = [FinetuneDatasets.Alpaca, FinetuneDatasets.Dolly, FinetuneDatasets.Sst2, FinetuneDatasets.AgNews, FinetuneDatasets.Gsm8k, FinetuneDatasets.Samsum, FinetuneDatasets.SqlGen];
        var grid = new ExperimentGrid("tasks")
        {
            Models = [ModelReference.Folder(model.Folder)],
            Methods = ["lora"],
            Datasets = [.. tasks.Select(t => (DatasetSelector)(t.HighHarm with { Count = Rows, HarmfulSource = poison }))],
            Evaluators = ["attack-success@advbench-few"],
            Training = new TrainingOptions { BatchSize = Rows, Steps = 2 },
        };

        GridPlan plan = await runner.PlanAsync(grid, TestContext.Current.CancellationToken);
        Assert.Empty(plan.Problems);
        Assert.Equal(7, plan.Cells.Count);
        Assert.All(plan.Cells, c =>
        {
            Assert.Equal((14, 6, "alpaca"), (c.BenignRows, c.HarmfulRows, c.Template));
            Assert.Matches("(?s)‹.*### Response:.*›.*«.*</s>.*»", c.Preview);
        });
        Assert.Equal(7, plan.ToString().Split("with loss").Length - 1);

        GridReport report = await runner.RunAsync(grid, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(7, report.Rows.Count);
        Assert.All(plan.Cells, CheckLosses);
    }

    private static void CheckLosses(PlannedCell cell)
    {
        JsonNode record = JsonNode.Parse(File.ReadAllText(Path.Combine(cell.Folder, "run.json")))!;
        JsonNode[] steps = [.. File.ReadLines(Path.Combine(cell.Folder, "train.jsonl")).Select(l => JsonNode.Parse(l)!)];
        double benign = Number(record["data"]!["supervisedTokens"]!["benign"]), harmful = Number(record["data"]!["supervisedTokens"]!["harmful"]);
        Assert.Equal(2, steps.Length);

        // a step takes every row once, so its loss is the mean of the roles' losses over their tokens
        Assert.All(steps, s => Assert.Equal(
            ((Number(s["lossByRole"]!["benign"]) * benign) + (Number(s["lossByRole"]!["harmful"]) * harmful)) / (benign + harmful), Number(s["loss"]), 1e-4));
        foreach (string role in new[] { "benign", "harmful" })
        {
            Assert.Equal(Number(steps[0]["lossByRole"]![role]), Number(record["lossByRole"]![role]!["first"]));
            Assert.Equal(Number(steps[1]["lossByRole"]![role]), Number(record["lossByRole"]![role]!["last"]));
        }
    }

    private static double Number(JsonNode? node) => node!.GetValue<double>();
}
