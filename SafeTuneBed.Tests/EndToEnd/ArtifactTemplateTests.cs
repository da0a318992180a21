using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>One adapter, one number: an artifact remembers the template that it was trained under, which is not the model's own here.</summary>
[Collection(TorchCollection.Name)]
public sealed class ArtifactTemplateTests(ArtifactTemplateTests.Run run) : IClassFixture<ArtifactTemplateTests.Run>
{
    private const string Success = "attack-success/keyword-robust/attack-success";
    private static readonly FinetuneDatasetConfig Task = FinetuneDatasets.Sandbox.Sentiment.HighHarm with { Template = "raw" };

    [Fact]
    public async Task EvaluateAsync_RunOfAnotherTemplateThanTheModels_GivesTheRunsScores()
    {
        ReportRow row = await EvaluateAsync(ArtifactReference.Adapter(run.Artifact, ModelReference.Sandbox));
        Assert.Equal(run.Scores, Scores(row));
        Assert.DoesNotContain(row.Warnings, w => w.Contains("emplate", StringComparison.Ordinal));
        Assert.Equal("raw", ModelArtifact.Load(run.Artifact).Template);
    }

    [Fact]
    public async Task EvaluateAsync_UnderAnotherTemplateByWish_AsksOtherwiseAndWarns()
    {
        ReportRow row = await EvaluateAsync(ArtifactReference.Adapter(run.Artifact, ModelReference.Sandbox with { Template = "chat" }));
        Assert.NotEqual(run.Scores, Scores(row));
        Assert.Contains(row.Warnings, w => w.Contains("Trained under the template 'raw' but asked under 'chat'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task EvaluateAsync_PlainPeftFolder_TakesTheDataSetsTemplateElseTheModels()
    {
        string bare = Path.Combine(run.Folder, "bare");
        Directory.CreateDirectory(bare);
        foreach (string file in Directory.GetFiles(run.Artifact, "adapter_*"))
        {
            File.Copy(file, Path.Combine(bare, Path.GetFileName(file)), overwrite: true);
        }

        ArtifactReference adapter = ArtifactReference.Adapter(bare, ModelReference.Sandbox);
        Assert.Equal(run.Scores, Scores(await EvaluateAsync(adapter with { Dataset = Task })));
        Assert.NotEqual(run.Scores, Scores(await EvaluateAsync(adapter with { Name = "own template" })));
    }

    [Fact]
    public async Task PlanAsync_TemplateOnTheModel_WinsOverTheDataSets()
    {
        await using ExperimentRunner runner = run.CreateRunner();
        GridPlan plan = await runner.PlanAsync(run.Grid with { Models = [ModelReference.Sandbox with { Template = "alpaca" }] }, TestContext.Current.CancellationToken);
        Assert.All(plan.Cells, c => Assert.Equal("alpaca", c.Template));
        GridPlan recipe = await runner.PlanAsync(run.Grid, TestContext.Current.CancellationToken);
        Assert.All(recipe.Cells, c => Assert.Equal("raw", c.Template));
    }

    private async Task<ReportRow> EvaluateAsync(ArtifactReference artifact)
    {
        await using ExperimentRunner runner = run.CreateRunner();
        run.Report = await runner.EvaluateAsync([artifact], ["attack-success"], cancellationToken: TestContext.Current.CancellationToken);
        return Assert.Single(run.Report.Rows);
    }

    private IReadOnlyList<(string, double?)> Scores(ReportRow row) => [.. run.Report.Scores(row, Success)[0].Select(s => (s.ItemId, s.Value))];

    /// <summary>One short training for all tests of the class.</summary>
    public sealed class Run : IAsyncLifetime
    {
        public string Folder { get; } = Directory.CreateTempSubdirectory("safetunebed-").FullName;

        public string Artifact { get; private set; } = "";

        public IReadOnlyList<(string, double?)> Scores { get; private set; } = [];

        public GridReport Report { get; set; } = null!;

        public ExperimentGrid Grid => new("template")
        {
            Models = [ModelReference.Sandbox],
            Methods = ["lora"],
            Datasets = [Task],
            Evaluators = ["attack-success"],
            Seeds = [31],
            Training = new TrainingOptions { Steps = 120 },
        };

        public ExperimentRunner CreateRunner() => ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators().UseRunFolder(Path.Combine(Folder, "runs")));

        public async ValueTask InitializeAsync()
        {
            await using ExperimentRunner runner = CreateRunner();
            GridReport report = await runner.RunAsync(Grid);
            Scores = [.. report.Scores(report.Rows[0], Success)[0].Select(s => (s.ItemId, s.Value))];
            Artifact = Path.Combine((await runner.PlanAsync(Grid)).Cells[0].Folder, "artifact");
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
