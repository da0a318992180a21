using System.Text.Json.Nodes;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>Every gradient program in a grid on the sandbox, with real training: stages under fine-tunings, streams, the reference, the logs.</summary>
[Collection(TorchCollection.Name)]
public sealed class DefenseRunTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Run_EveryDefense_TrainsItsStagesAndLogsWhatItSays()
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed
            .AddMethods().AddEvaluators().AddEvaluator<NothingAsked>("nothing").UseRunFolder(folder)
            .AddVaccine(o => (o.Training.Steps, o.Training.LearningRate) = (6, 5e-3))
            .AddRandomVaccine(o => (o.Training.Steps, o.Rho) = (6, 0.01))
            .AddBooster(o => o.Training.Steps = 6));
        var grid = new ExperimentGrid("defenses")
        {
            Models = [ModelReference.Sandbox],
            Methods = ["lora", "vaccine-lora", "random-vaccine", "booster+lisa", "vaccine+safe-grad", "constrained-sft", "sppft", "antidote"],
            Datasets = [FinetuneDatasets.Sandbox.Sentiment.HighHarm],
            Evaluators = ["nothing"],
            Training = new TrainingOptions { Steps = 8 },
            Baseline = "lora",
        };
        GridReport report = await runner.RunAsync(grid, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(
            ["lora", "vaccine+lora", "random-vaccine+lora", "booster+lisa", "vaccine+safe-grad", "constrained-sft", "sppft", "lora+antidote"],
            report.Rows.Select(r => r.Method));

        // One stage for both pipelines that rest on it.
        Dictionary<string, string> stages = Directory.GetFiles(folder, "train.jsonl", SearchOption.AllDirectories).Where(f => f.Contains("alignment", StringComparison.Ordinal))
            .ToDictionary(f => Path.GetRelativePath(folder, f).Split(Path.DirectorySeparatorChar)[2]);
        Assert.Equal(["booster", "random-vaccine", "vaccine"], stages.Keys.Order());
        Assert.All(Steps(stages["vaccine"]), s => Assert.True(Logged(s, "activation-gradient") > 0));
        Assert.All(Steps(stages["booster"]), s => Assert.True(Logged(s, "regularizer-gradient") > 0));
        Assert.Equal([6, 6, 6], stages.Values.Select(f => Steps(f).Length));

        // The reference of a fine-tuning is the aligned model: until the rate has left 0 it is at the reference, and has no alignment gradient.
        JsonNode[] safe = Steps(Log("vaccine+safe-grad"));
        Assert.Null(Logged(safe[0], "cosine"));
        Assert.All(safe[2..], s => Assert.InRange(Logged(s, "cosine")!.Value, -1, 1));
        Assert.Equal(1, Logged(Steps(Log("constrained-sft"))[0], "mean-weight")!.Value, 1e-3);
        Assert.NotEqual(Steps(Log("lora"))[0]["loss"]!.GetValue<double>(), Steps(Log("vaccine+lora"))[0]["loss"]!.GetValue<double>());
    }

    [Fact]
    public async Task Run_TwoAlignmentsWithoutTheirPerturbation_AreTheSameTrainingAndTakeTheRowsTheyAskFor()
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed
            .AddMethods().AddEvaluators().AddEvaluator<NothingAsked>("nothing").UseRunFolder(folder)
            .AddVaccine(o => (o.Rho, o.Training.Steps, o.Rows) = (0, 4, 50))
            .AddRandomVaccine(o => (o.Rho, o.Training.Steps, o.Rows) = (0, 4, 50)));
        var grid = new ExperimentGrid("pairs")
        {
            Models = [ModelReference.Sandbox],
            Methods = ["vaccine", "random-vaccine"],
            Datasets = [FinetuneDatasets.Sandbox.Sentiment.HighHarm],
            Evaluators = ["nothing"],
            Training = new TrainingOptions { Steps = 2 },
        };
        Assert.All((await runner.PlanAsync(grid, TestContext.Current.CancellationToken)).Stages, s => Assert.Equal(50, s.Rows));
        await runner.RunAsync(grid, cancellationToken: TestContext.Current.CancellationToken);

        // A method and its control begin alike and learn the same rows in the same order: pairs differ by what the methods do and by nothing else.
        byte[][] adapters = [.. Directory.GetFiles(folder, "adapter_model.safetensors", SearchOption.AllDirectories)
            .Where(f => f.Contains($"{Path.DirectorySeparatorChar}alignment{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).Select(File.ReadAllBytes)];
        Assert.Equal(2, adapters.Length);
        Assert.Equal(adapters[0], adapters[1]);
    }

    [Fact]
    public async Task Plan_CompanionsThatCannotBeRead_AreProblems()
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators().AddMethod<Comparing>("comparing").AddEvaluator<NothingAsked>("nothing").UseRunFolder(folder));
        var grid = new ExperimentGrid("companions")
        {
            Models = [ModelReference.Sandbox with { Base = ModelReference.Sandbox }],
            Methods = ["comparing", "safe-lora"],
            Datasets = [FinetuneDatasets.Sandbox.Sentiment.HighHarm],
            Evaluators = ["nothing"],
        };
        string[] problems = [.. (await runner.PlanAsync(grid, TestContext.Current.CancellationToken)).Problems];
        Assert.Contains(problems, p => p.Contains("'comparing' asks for the companion Base", StringComparison.Ordinal));
        GridPlan alone = await runner.PlanAsync(grid with { Methods = ["safe-lora"] }, TestContext.Current.CancellationToken);
        Assert.Contains("its weights are that model's own", Assert.Single(alone.Problems), StringComparison.Ordinal);
    }

    private sealed class Comparing : MethodAlgorithm
    {
        public override MethodNeeds Needs => MethodNeeds.Companion(ModelCompanion.Base);
    }

    private string Log(string method) => Directory.GetFiles(folder, "train.jsonl", SearchOption.AllDirectories).Single(f => Path.GetRelativePath(folder, f).Split(Path.DirectorySeparatorChar)[2] == method);

    private static JsonNode[] Steps(string file) => [.. File.ReadAllLines(file).Select(l => JsonNode.Parse(l)!).Where(n => n["step"] is not null)];

    private static double? Logged(JsonNode step, string name) => step["logged"]?[name]?.GetValue<double>() ?? step[name]?.GetValue<double>();
}
