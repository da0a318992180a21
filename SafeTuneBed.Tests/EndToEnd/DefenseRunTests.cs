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

    private string Log(string method) => Directory.GetFiles(folder, "train.jsonl", SearchOption.AllDirectories).Single(f => Path.GetRelativePath(folder, f).Split(Path.DirectorySeparatorChar)[2] == method);

    private static JsonNode[] Steps(string file) => [.. File.ReadAllLines(file).Select(l => JsonNode.Parse(l)!).Where(n => n["step"] is not null)];

    private static double? Logged(JsonNode step, string name) => step["logged"]?[name]?.GetValue<double>() ?? step[name]?.GetValue<double>();
}
