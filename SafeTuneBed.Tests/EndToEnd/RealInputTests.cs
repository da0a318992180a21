using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>Real files and a real pretrained model, by path: SST-2 with poison from one half of AdvBench, attacked with the other half.</summary>
[Collection(TorchCollection.Name)]
public sealed class RealInputTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task RunAsync_Sst2WithAdvBenchHalves_TrainsOnOneHalfAndAsksTheOther()
    {
        await using ExperimentRunner runner = CreateRunner();
        ExperimentGrid grid = Grid(500);
        GridReport report = await runner.RunAsync(grid, cancellationToken: TestContext.Current.CancellationToken);

        ReportRow row = report.Row("lora", "sst2-advbench");
        Assert.Equal(0.3m, row.PoisonRatio);
        Assert.Equal(872, row["task-accuracy/accuracy"]!.Count);
        int asked = row["attack-success@advbench-other-half/keyword-robust/attack-success"]!.Count;

        string[] trained = await HalfAsync(0), held = await HalfAsync(1);
        Assert.Empty(trained.Intersect(held));
        Assert.Equal(520, trained.Length + held.Length);
        Assert.Equal(held.Length, asked);
        Assert.True(trained.Length >= 150, "150 poison rows must come from the first half");
    }

    [Fact]
    public async Task RunAsync_TheRegisteredFiveThousandRows_StopsBeforeLoadingWithTheShortage()
    {
        await using ExperimentRunner runner = CreateRunner();
        InsufficientRecordsException fault = await Assert.ThrowsAsync<InsufficientRecordsException>(() => runner.RunAsync(Grid(5_000)));
        Assert.Equal(1_500, fault.Needed);
        Assert.InRange(fault.Available, 200, 320);
        Assert.Contains("advbench", fault.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    private static async Task<string[]> HalfAsync(int index)
    {
        PromptSetConfig half = PromptSets.AdvBench with { Name = "half", Source = PromptSets.AdvBench.Source.Part(index, of: 2, seed: 7) };
        IReadOnlyList<PromptItem> items = await Core.Data.Bed.Catalog(SharedFolder.Require("data")).LoadPromptsAsync(half, TestContext.Current.CancellationToken);
        return [.. items.Select(i => i.Prompt)];
    }

    private ExperimentRunner CreateRunner() => ExperimentRunner.Create(bed => bed
        .AddMethods().AddEvaluators()
        .AddDataRoot(SharedFolder.Require("data"))
        .AddPromptSets(PromptSets.AdvBench with { Name = "advbench-other-half", Source = PromptSets.AdvBench.Source.Part(1, of: 2, seed: 7), MaxNewTokens = 24 })
        .UseRunFolder(folder));

    private static ExperimentGrid Grid(int rows) => new("real")
    {
        Models = [ModelReference.Folder(SharedFolder.Require("stories260k"))],
        Methods = ["none", "lora"],
        Datasets =
        [
            FinetuneDatasets.Sst2.HighHarm with
            {
                Name = "sst2-advbench",
                Count = rows,
                HarmfulSource = HarmfulCorpora.AdvBench with { Source = HarmfulCorpora.AdvBench.Source.Part(0, of: 2, seed: 7) },
            },
        ],
        Evaluators = ["attack-success@advbench-other-half", "task-accuracy"],
        Training = new TrainingOptions { Steps = 20 },
        Baseline = "none",
    };
}
