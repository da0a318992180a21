using System.Text.Json.Nodes;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>Where the rows of named streams come from, and what of them is recorded.</summary>
public sealed class StreamPlannerTests : IDisposable
{
    private static readonly ModelReference Other = ModelReference.Folder("other");
    private static readonly ExperimentGrid Grid = FakeBed.Grid("lora", "alternating") with { Datasets = ["task-high"], Seeds = [0] };
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task Plan_StreamMissing_NamesMethodModelAndRemedy()
    {
        GridPlan plan = await PlanAsync(Grid with { Models = [ModelReference.Sandbox, Other], Evaluators = ["task-rate"] });
        string problem = Assert.Single(plan.Problems);
        Assert.Contains("'alternating'", problem, StringComparison.Ordinal);
        Assert.Contains("'other'", problem, StringComparison.Ordinal);
        Assert.Contains("Streams = new", problem, StringComparison.Ordinal);
        Assert.Contains("[\"align\"]", problem, StringComparison.Ordinal);
        Assert.Empty((await PlanAsync(Grid with { Models = [Other], Evaluators = ["task-rate"], Streams = new Dictionary<string, DatasetSelector> { ["align"] = "task-benign" } })).Problems);
    }

    [Fact]
    public async Task Plan_UnknownNames_AreProblemsWithTheNearest()
    {
        GridPlan plan = await PlanAsync(Grid with { Streams = new Dictionary<string, DatasetSelector> { ["algin"] = "task-bening", ["align"] = FakeData.Dataset("licensed-rows") } });
        Assert.Contains(plan.Problems, p => p.Contains("'algin'", StringComparison.Ordinal) && p.Contains("align", StringComparison.Ordinal));
        Assert.Contains(plan.Problems, p => p.Contains("'task-bening'", StringComparison.Ordinal) && p.Contains("task-benign", StringComparison.Ordinal));
        Assert.Contains(plan.Problems, p => p.Contains("AcceptLicenses", StringComparison.Ordinal));
        Assert.Empty((await PlanAsync(Grid with { Methods = ["lora"], Streams = new Dictionary<string, DatasetSelector> { ["align"] = "task-benign" } })).Problems);
    }

    [Fact]
    public async Task Run_SandboxDefault_FeedsTheMethodThatAsksAndIsRecorded()
    {
        await using ExperimentRunner runner = Runner();
        await runner.RunAsync(Grid with { Baseline = null });

        Assert.Equal([0, 1], bed.Models.Streams.Select(s => s.Count).Order());
        IReadOnlyList<TokenizedExample> align = bed.Models.Streams.Single(s => s.Count == 1)["align"];
        Assert.Equal(20, align.Count);
        Assert.All(align, r => Assert.Equal(ExampleRole.Alignment, r.Role));
        JsonNode with = Record("alternating"), without = Record("lora");
        Assert.Equal("sandbox-guide", with["streams"]!["align"]!["dataset"]!.GetValue<string>());
        Assert.Equal(20, with["streams"]!["align"]!["rows"]!.GetValue<int>());
        Assert.NotNull(with["parts"]!["streams"]!["align"]);
        Assert.Null(without["streams"]);
        Assert.Null(without["parts"]!["streams"]);
    }

    [Fact]
    public async Task Run_OtherRowsInTheStream_TrainsAnewAndOnlyWhereTheyAreUsed()
    {
        await using ExperimentRunner runner = Runner();
        await runner.RunAsync(Grid with { Baseline = null });
        bed.Models.Reset();
        await runner.RunAsync(Grid with { Baseline = null, Streams = new Dictionary<string, DatasetSelector> { ["align"] = FinetuneDatasets.Sandbox.Guide } });
        Assert.Empty(bed.Models.Trained); // the same rows as the default
        await runner.RunAsync(Grid with { Baseline = null, Streams = new Dictionary<string, DatasetSelector> { ["align"] = "task-benign" } });
        Assert.Single(bed.Models.Trained);
    }

    [Fact]
    public async Task Plan_StreamRows_MayAskNeitherAnEvaluationNorThePoisonOfTheRun()
    {
        await PlanAsync(Grid with { Methods = ["alternating"], Baseline = null });
        string[] user = [.. bed.Data.Asked.First().Prompts.Select(p => p.Prompt)];
        string[] stream = [.. bed.Data.Asked.Last().Prompts.Select(p => p.Prompt)];
        Assert.Equal(user, stream.Take(user.Length));
        Assert.Equal(6, stream.Length - user.Length); // 30 % of twenty rows are poison
        Assert.All(stream.Skip(user.Length), p => Assert.StartsWith("task harmful", p, StringComparison.Ordinal));
    }

    [Fact]
    public async Task SandboxStreams_RealRows_AreDisjointFromPoisonAndAttacks()
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(b => b.UseRunFolder(bed.Folder));
        DatasetManifest manifest = await ManifestAsync(runner, FinetuneDatasets.Sandbox.Guide);
        Assert.Equal(1000, manifest.Realized.Benign);
        DatasetManifest harmful = await ManifestAsync(runner, FinetuneDatasets.Sandbox.HarmfulRows);
        Assert.Equal(1000, harmful.Realized.Harmful);
    }

    private static async Task<DatasetManifest> ManifestAsync(ExperimentRunner runner, FinetuneDatasetConfig config)
    {
        var tokenizer = new FakeTokenizer();
        return (await runner.Datasets.GetDatasetAsync(config, 0, tokenizer, new FakeTemplate(tokenizer), 2048, [])).Manifest;
    }

    private JsonNode Record(string method) => JsonNode.Parse(File.ReadAllText(bed.Files("run.json").Single(f => f.Contains($"{Path.DirectorySeparatorChar}{method}{Path.DirectorySeparatorChar}", StringComparison.Ordinal))))!;

    private ExperimentRunner Runner() => bed.Runner(b => b.AddMethod<AlternatingMethod, AlternatingOptions>("alternating"));

    private async Task<GridPlan> PlanAsync(ExperimentGrid grid)
    {
        await using ExperimentRunner runner = Runner();
        return await runner.PlanAsync(grid);
    }
}
