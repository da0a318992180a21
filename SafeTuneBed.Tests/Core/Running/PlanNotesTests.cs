using Microsoft.Extensions.DependencyInjection;
using SafeTuneBed.Running;
using SafeTuneBed.Tests.Core.Data;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>What the plan says of files, rows and templates.</summary>
public sealed class PlanNotesTests : IDisposable
{
    private readonly FakeBed bed = new();
    private readonly TemporaryFolder data = new();

    public void Dispose()
    {
        bed.Dispose();
        data.Dispose();
    }

    [Fact]
    public async Task Plan_SandboxData_NamesFilesRecordsTemplateAndRows()
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(FakeBed.Grid() with { Datasets = ["sandbox-sentiment-high"], Seeds = [0] });

        PlannedDataset set = Assert.Single(plan.Datasets);
        Assert.Equal(
            [
                new PlannedFile("train", "sandbox:sentiment/train.jsonl", 5000, 5000),
                new PlannedFile("poison", "sandbox:harmful.jsonl", 1536, 1536),
                new PlannedFile("evaluation", "sandbox:sentiment/eval.jsonl", 300, 300),
            ],
            set.Files);
        Assert.Equal(("sandbox-sentiment-high", 1000, "chat"), (set.Name, set.Rows, set.Templates["sandbox"]));
        string text = plan.ToString();
        Assert.Contains("\nsandbox-sentiment-high: template chat, 1,000 training rows\n  train       sandbox:sentiment/train.jsonl, 5,000 records\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_AnotherFormOfTheData_IsNamedAsSuch()
    {
        string train = data.Write("sst2/sst2_sentences_train.tsv", string.Concat(Enumerable.Range(0, 40).Select(i => $"a film {i}\t{i % 2}\n")));
        string test = data.Write("sst2/validation.jsonl", "{\"sentence\":\"fine\",\"label\":1}\n");
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(FakeBed.Grid("lora") with { Datasets = [FinetuneDatasets.Sst2.Benign with { Count = 20 }], Seeds = [0] });

        Assert.Empty(plan.Problems);
        Assert.Equal([(train, 40L, "sst2/train.jsonl"), (test, 1L, null)], plan.Datasets[0].Files.Select(f => (f.Path, f.Records!.Value, f.InPlaceOf)));
        Assert.Contains($"{train}, 40 records (in place of sst2/train.jsonl, which is not there)", plan.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_NothingTrained_FindsTheFilesWithoutReadingThem()
    {
        data.Write("sst2/train.jsonl", "not JSON");
        data.Write("sst2/validation.jsonl", "{\"sentence\":\"fine\",\"label\":1}\n");
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(FakeBed.Grid("none") with { Datasets = [FinetuneDatasets.Sst2.Benign], Baseline = null });

        Assert.Empty(plan.Problems);
        Assert.Null(plan.Datasets[0].Files[0].Records);
        Assert.EndsWith("train.jsonl", plan.Datasets[0].Files[0].Path, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "alpaca", null, true)]
    [InlineData(true, "alpaca", "alpaca", false)] // asked for on the model itself
    [InlineData(false, "alpaca", null, false)]
    public async Task Plan_ChatModelUnderTheRecipesTemplate_IsWarnedOf(bool chat, string recipe, string? own, bool warned)
    {
        bed.Models.HasChatTemplate = chat;
        await using ExperimentRunner runner = bed.Runner();
        GridPlan plan = await runner.PlanAsync(FakeBed.Grid() with
        {
            Models = [ModelReference.Sandbox with { Template = own }],
            Datasets = [FakeData.Dataset("task-odd") with { Template = recipe }],
        });

        Assert.True(plan.CanRun);
        Assert.All(plan.Cells, c => Assert.Equal(warned, c.Warnings.Any(w => w.StartsWith("'sandbox' has a chat template, but is trained and asked under 'alpaca'", StringComparison.Ordinal))));
        Assert.Equal(warned, plan.ToString().Contains("has a chat template", StringComparison.Ordinal));
    }

    private ExperimentRunner Runner() => bed.Runner(b => b.AddDataRoot(data.Path).AcceptLicenses("sst2", "beavertails").Services
        .AddSingleton<IDataHost>(p => new CatalogData(p.GetRequiredService<DatasetCatalog>())));
}
