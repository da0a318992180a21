using Microsoft.Extensions.DependencyInjection;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>The runner with real data sets, so with real files and counts, and made-up models.</summary>
public sealed class CatalogDataTests : IDisposable
{
    private static readonly ExperimentGrid Grid = new("sandbox data")
    {
        Models = [ModelReference.Sandbox],
        Methods = ["none", "lora"],
        Datasets = [FinetuneDatasets.Sandbox.Sentiment.Benign, "sandbox-sentiment-low", FinetuneDatasets.Sandbox.Sentiment.HighHarm],
        Evaluators = ["word-rate", "task-rate"],
        Seeds = [0, 1],
        Baseline = "lora",
    };

    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task Plan_SandboxGrid_ShowsExactCountsAndTheTasksRecipe()
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(Grid);

        Assert.Empty(plan.Problems);
        Assert.Equal(
            [(1000, 0, 300), (1000, 0, 300), (950, 50, 300), (950, 50, 300), (700, 300, 300), (700, 300, 300)],
            plan.Cells.Where(c => c.Method == "lora").Select(c => (c.BenignRows, c.HarmfulRows, c.Steps)));
        Assert.All(plan.Cells, c => Assert.Equal([144, 300], c.Evaluations.Select(e => e.Items)));
        Assert.Equal(("task recipe", 2e-3), (runner.Methods.GetExperiment("lora", "sandbox-sentiment-high").Origins["Training:LearningRate"], runner.Methods.GetExperiment("lora", "sandbox-sentiment-high").Training.LearningRate));
    }

    [Fact]
    public async Task Run_SandboxGrid_SharesTheUntrainedModelsAnswersAndRecordsTheManifest()
    {
        await using ExperimentRunner runner = Runner();
        GridReport report = await runner.RunAsync(Grid with { Seeds = [0] });

        Assert.Equal((1 + 3) * (144 + 300), bed.Models.Generated.Count);
        Assert.Equal([null, null, null, 0m, 0.05m, 0.30m], report.Rows.Select(r => r.PoisonRatio));
        Assert.All(report.Rows, r => Assert.Equal("sandbox-sentiment", r.Task));
        var record = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(bed.Files("run.json").Single(f => f.Contains("sandbox-sentiment-high", StringComparison.Ordinal) && f.Contains("lora", StringComparison.Ordinal))))!;
        Assert.Equal(300, record["data"]!["realized"]!["harmful"]!.GetValue<int>());
        Assert.Equal(300, record["rows"]!["harmful"]!.GetValue<int>());
        Assert.Equal(["sandbox", "sandbox-sentiment-evaluation"], record["data"]!["decontamination"]!["sets"]!.AsArray().Select(s => s!.GetValue<string>()));
        Assert.InRange(record["data"]!["createdUtc"]!.GetValue<DateTimeOffset>(), DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }

    [Fact]
    public async Task Run_RegisteredSst2WithoutItsFiles_StopsWithEveryMissingFile()
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(Grid with { Datasets = [FinetuneDatasets.Sst2.HighHarm] });

        Assert.Contains(plan.Problems, p => p.Contains("sst2/train.jsonl", StringComparison.Ordinal));
        Assert.Contains(plan.Problems, p => p.Contains("AcceptLicenses", StringComparison.Ordinal));
        Assert.Empty(plan.Cells);
    }

    private ExperimentRunner Runner() => bed.Runner(b => b.Services.AddSingleton<IDataHost>(p => new CatalogData(p.GetRequiredService<DatasetCatalog>())));
}
