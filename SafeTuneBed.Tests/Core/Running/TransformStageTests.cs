using System.Text.Json.Nodes;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>Methods that work on weights after the training: they start from the training that is there, need companions, and are told in the record.</summary>
public sealed class TransformStageTests : IDisposable
{
    private static readonly ExperimentGrid Grid = FakeBed.Grid("lora", "project", "lora+project+shrink") with { Seeds = [0], Datasets = ["task-high"] };
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task Run_Transforms_StartFromTheTrainingOfTheTableAndOfEachOther()
    {
        await using ExperimentRunner runner = Runner();
        GridReport report = await runner.RunAsync(Grid);

        Assert.Equal(["6/20 seed 0", "transform by Project", "transform by Shrink"], bed.Models.Trained.Order());
        Assert.Equal(["lora", "lora+project", "lora+project+shrink"], report.Rows.Select(r => r.Method));
        Assert.Equal(3, bed.Files("weights.txt").Select(File.ReadAllText).Distinct().Count());
        Assert.Equal(0, bed.Models.LiveArtifacts);
        JsonNode lora = Record("lora"), project = Record("lora+project"), both = Record("lora+project+shrink");
        Assert.Equal(lora["fingerprint"]!.GetValue<string>(), project["source"]!["fingerprint"]!.GetValue<string>());
        Assert.Equal(project["fingerprint"]!.GetValue<string>(), both["source"]!["fingerprint"]!.GetValue<string>());
        Assert.Equal(7, project["transform"]!["layers"]!.GetValue<int>());
        Assert.Equal("Base sandbox-base", project["parts"]!["companions"]!["Base"]!.GetValue<string>());
        Assert.Null(both["parts"]!["companions"]);
        Assert.Equal(["lora", "project"], project["methods"]!.AsArray().Select(m => m!["name"]!.GetValue<string>()));
        Assert.Equal(["lora"], lora["methods"]!.AsArray().Select(m => m!["name"]!.GetValue<string>()));
        Assert.Equal(3, project["steps"]!.GetValue<int>());
        Assert.All(new[] { "lora", "lora+project", "lora+project+shrink" }, m => Assert.Equal(3, File.ReadAllLines(Assert.Single(bed.Files("train.jsonl"), f => f.Contains(Path.Combine("sandbox", m) + Path.DirectorySeparatorChar, StringComparison.Ordinal))).Length));
    }

    [Fact]
    public async Task Run_TransformAlone_MakesTheTrainingOnceWhereTheTableWouldFindIt()
    {
        await using ExperimentRunner runner = Runner();
        ExperimentGrid alone = Grid with { Methods = ["project"], Baseline = null };
        GridPlan plan = await runner.PlanAsync(alone);
        Assert.Equal(("lora", 1, PlannedWork.Run), (Assert.Single(plan.Stages).Method, plan.Stages[0].Cells, plan.Stages[0].Training));
        Assert.Equal(plan.Stages[0].Steps, plan.RemainingSteps);
        await runner.RunAsync(alone);
        bed.Models.Reset();

        GridPlan after = await runner.PlanAsync(Grid with { Methods = ["lora", "project"] });
        Assert.Empty(after.Stages); // lora is a row now
        Assert.Equal(0, after.RemainingSteps);
        await runner.RunAsync(Grid with { Methods = ["lora", "project"] });
        Assert.Empty(bed.Models.Trained);
    }

    [Fact]
    public async Task Plan_CompanionMissingOrBroken_IsAProblemOfThatMethodAlone()
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(Grid with { Models = [ModelReference.Folder("/models/llama")], Evaluators = ["task-rate"] });
        string problem = Assert.Single(plan.Problems);
        Assert.Contains("The method 'project' needs the pretrained model behind 'llama'", problem, StringComparison.Ordinal);
        Assert.Contains("with { Base = ModelReference.Folder(\"...\") }", problem, StringComparison.Ordinal);
        Assert.Equal(["lora"], plan.Cells.Select(c => c.Method));

        GridPlan broken = await runner.PlanAsync(Grid with { Models = [ModelReference.Sandbox with { Base = "missing-base" }] });
        Assert.Contains("missing-base: the folder does not exist", Assert.Single(broken.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AnotherCompanion_TransformsAnewAndTrainsNothing()
    {
        await using ExperimentRunner runner = Runner();
        await runner.RunAsync(Grid with { Methods = ["lora", "project"] });
        bed.Models.Reset();
        await runner.RunAsync(Grid with { Methods = ["lora", "project"], Models = [ModelReference.Sandbox with { Base = "other-base" }] });
        Assert.Equal(["transform by Project"], bed.Models.Trained);
    }

    [Fact]
    public async Task Plan_TransformThatAsksForAStream_GetsItOrSaysWhoGivesNone()
    {
        await using ExperimentRunner runner = bed.Runner(b => b.AddMethod<Hungry>("hungry"));
        ExperimentGrid grid = Grid with { Methods = ["lora", "hungry"] };
        await runner.RunAsync(grid);
        string record = bed.Files("run.json").Single(f => f.Contains("lora+hungry", StringComparison.Ordinal));
        Assert.NotNull(System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(record))!["streams"]!["harmful"]);

        GridPlan plan = await runner.PlanAsync(grid with { Models = [ModelReference.Folder("other")], Evaluators = ["task-rate"] });
        Assert.Contains("'hungry' asks for the data stream 'harmful'", Assert.Single(plan.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_TrainingFails_FailsTheTransformWithoutAnotherAttempt()
    {
        int attempts = 0;
        bed.Models.OnStep = (_, step) =>
        {
            Interlocked.Increment(ref attempts);
            throw new TrainingDivergedException(step, double.NaN);
        };
        await using ExperimentRunner runner = Runner();
        var error = await Assert.ThrowsAsync<GridFailedException>(() => runner.RunAsync(Grid with { Methods = ["lora", "project"] }));
        Assert.Equal((1, 2), (attempts, error.Failures.Count));
    }

    private ExperimentRunner Runner() => bed.Runner(b => b.AddMethod<Project>("project").AddMethod<Shrink>("shrink"));

    private JsonNode Record(string method) => JsonNode.Parse(File.ReadAllText(bed.Files("run.json").Single(f => f.Contains(Path.Combine("sandbox", method) + Path.DirectorySeparatorChar, StringComparison.Ordinal))))!;

    private sealed class Project : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.PostFineTuning;

        public override MethodNeeds Needs => MethodNeeds.Companion(ModelCompanion.Base);
    }

    private sealed class Shrink : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.PostFineTuning;
    }

    private sealed class Hungry : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.PostFineTuning;

        public override MethodNeeds Needs => MethodNeeds.Stream("harmful");
    }
}
