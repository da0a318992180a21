using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using SafeTuneBed.Methods.Lisa;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

public sealed class OverlayTests : IDisposable
{
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public void Resolve_EveryLayer_TheHigherWinsValueByValueAndIsNamedAsTheOrigin()
    {
        using ServiceProvider services = bed.Services(
            new() { ["Methods:tuned:Fourth"] = "4" },
            b => b.AddMethod<LayeredMethod, LayeredOptions>("tuned", o => (o.Third, o.Fifth) = (o.Third + 100, 5)).AddExperimentOverlays(
                new ExperimentOverlay("tuned") { Options = Values(("First", 1), ("Second", 1), ("third", 1.0)), Training = new() { LearningRate = 0.1, BatchSize = 3, Epochs = 7 } },
                new ExperimentOverlay("tuned") { Datasets = ["task"], Options = Values(("Second", 2), ("Fourth", 2), ("Fifth", 2)), Lora = new() { Rank = 2 } },
                new ExperimentOverlay("tuned") { Datasets = ["other", "task-low"], Options = Values(("Second", 9)) }).ConfigureTraining(t => t.BatchSize = 4));
        MethodCatalog methods = services.GetRequiredService<ExperimentRunner>().Methods;
        FinetuneDatasetConfig dataset = FakeData.Dataset("task-high", 0.3m, new TrainingOptions { LearningRate = 0.2, Steps = 30, WeightDecay = 0.5 });
        var grid = new ExperimentGrid("g")
        {
            Training = new() { WarmupSteps = 1, MaxGradientNorm = 2 },
            Overlays = [new ExperimentOverlay("tuned") { Datasets = ["task-high"], Options = Values(("Fifth", 6), ("Sixth", null), ("Mood", "Sad")), Training = new() { MaxGradientNorm = 3 } }],
        };

        FinetuneExperimentConfig found = methods.Resolve("tuned", dataset, grid);

        var options = (LayeredOptions)found.Options!;
        Assert.Equal((1, 2, 101, 4, 6, null, Mood.Sad), (options.First, options.Second, options.Third, options.Fourth, options.Fifth, options.Sixth, options.Mood));
        Assert.Equal(
            ["method overlay", "method overlay", "builder", "configuration", "grid", "grid", "grid", "default"],
            new[] { "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Mood", "Seventh" }.Select(n => found.Origins["Methods:tuned:" + n]));
        TrainingConfig training = found.Training;
        Assert.Equal((0.1, 4, null, 7.0, 0.5, 1, 3.0), (training.LearningRate, training.BatchSize, training.Steps, training.Epochs, training.WeightDecay, training.WarmupSteps, training.MaxGradientNorm));
        Assert.Equal(
            ["method overlay", "builder", "method overlay", "method overlay", "task recipe", "grid", "grid"],
            new[] { "LearningRate", "BatchSize", "Steps", "Epochs", "WeightDecay", "WarmupSteps", "MaxGradientNorm" }.Select(n => found.Origins["Training:" + n]));
        Assert.Equal((2, "method overlay"), (found.Lora.Rank, found.Origins["Lora:Rank"]));
        Assert.Equal(0, ((LayeredOptions)methods.GetExperiment("tuned", FakeData.Dataset("elsewhere-high")).Options!).Second - 1);
        Assert.Equal(9, ((LayeredOptions)methods.GetExperiment("tuned", FakeData.Dataset("task-low")).Options!).Second);
    }

    [Fact]
    public void Resolve_SameClassUnderAnotherName_HasTheOverlaysOfTheBedButNotThoseOfTheGrid()
    {
        using ServiceProvider services = bed.Services([], b => b
            .AddMethod<FakeMethod, FakeOptions>("lora-strong", o => o.Rho = 7)
            .AddExperimentOverlays(new ExperimentOverlay("lora") { Options = Values(("Rho", 3), ("Period", 8)) }));
        MethodCatalog methods = services.GetRequiredService<ExperimentRunner>().Methods;
        var grid = new ExperimentGrid("g") { Overlays = [new ExperimentOverlay("lora") { Options = Values(("Period", 9)) }] };

        (double, int)[] found = [.. new[] { "lora", "lora-strong" }.Select(m => (FakeOptions)methods.Resolve(m, FakeData.Dataset("task-high"), grid).Options!).Select(o => (o.Rho, o.Period))];

        Assert.Equal([(3.0, 9), (7.0, 8)], found);
    }

    [Fact]
    public void Resolve_OverlayOfAVariant_DoesNotReachTheNameItIsAVariantOf()
    {
        using ServiceProvider services = bed.Services([], b => b
            .AddMethod<FakeMethod, FakeOptions>("lora-slow")
            .AddExperimentOverlays(new ExperimentOverlay("lora-slow") { Options = Values(("Rho", 3)), Training = new TrainingOptions { LearningRate = 1e-7 } }));
        MethodCatalog methods = services.GetRequiredService<ExperimentRunner>().Methods;

        FinetuneExperimentConfig lora = methods.GetExperiment("lora", FakeData.Dataset("task-high")), slow = methods.GetExperiment("lora-slow", FakeData.Dataset("task-high"));

        Assert.Equal((1e-7, 3.0), (slow.Training.LearningRate, ((FakeOptions)slow.Options!).Rho));
        Assert.NotEqual(1e-7, lora.Training.LearningRate);
        Assert.NotEqual(3.0, ((FakeOptions)lora.Options!).Rho);
    }

    [Fact]
    public void Runner_OverlaysThatDoNotFit_AreToldTogetherBeforeItIsMade()
    {
        string message = Assert.Throws<ConfigurationException>(() => bed.Runner(b => b.AddExperimentOverlays(
            new ExperimentOverlay("lorra"),
            new ExperimentOverlay("lora") { Options = Values(("Ro", 1), ("Period", 1.5), ("Rho", "much")) },
            new ExperimentOverlay("lora") { Options = Values(("Rho", 101)), Training = new() { BatchSize = 0 }, Lora = new() { TargetModules = [] } },
            new ExperimentOverlay("none") { Options = Values(("Rho", 1)) }))).Message;

        foreach (string text in new[]
        {
            "An overlay is for the method 'lorra', which does not exist. Did you mean 'lora'?",
            "sets 'Ro', which its options don't have. Did you mean 'Rho'?",
            "sets Period to 1.5; give a value of type Int32.",
            "sets Rho to much; give a value of type Double.",
            "(it is 101)",
            "BatchSize",
            "TargetModules is empty",
            "An overlay of the method 'none' sets Rho, but the method has no options of its own.",
        })
        {
            Assert.Contains(text, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Plan_OverlaysOfTheGridThatDoNotFit_AreProblemsAndNothingIsTrained()
    {
        await using ExperimentRunner runner = bed.Runner();
        ExperimentGrid grid = FakeBed.Grid("lora") with
        {
            Overlays =
            [
                new ExperimentOverlay("lora") { Datasets = ["task-hihg"], Options = Values(("Rho", -1)) },
                new ExperimentOverlay("nine"),
                new ExperimentOverlay("none"), // which the grid does not run: without effect
            ],
        };

        GridPlan plan = await runner.PlanAsync(grid);
        await Assert.ThrowsAnyAsync<ConfigurationException>(() => runner.RunAsync(grid));

        string all = string.Join("\n", plan.Problems);
        Assert.Contains("(it is -1)", all, StringComparison.Ordinal);
        Assert.Contains("on 'task-hihg', which is none of its data sets or tasks. Did you mean 'task-high'?", all, StringComparison.Ordinal);
        Assert.Contains("An overlay is for the method 'nine', which does not exist. Did you mean 'none'?", all, StringComparison.Ordinal);
        Assert.Equal(3, plan.Problems.Count);
        Assert.Empty(bed.Models.Trained);
    }

    [Fact]
    public async Task Run_TwoOptionSetsOfOneClassInOneGrid_AreTwoRowsWithTheirValuesAndOriginsOnRecord()
    {
        await using ExperimentRunner runner = bed.Runner(b => b.AddMethod<FakeMethod, FakeOptions>("lora-2"));
        ExperimentGrid grid = FakeBed.Grid("lora", "lora-2") with
        {
            Seeds = [0],
            Datasets = ["task-high"],
            Overlays = [new ExperimentOverlay("lora-2") { Datasets = ["task"], Options = Values(("Rho", 0.3m)), Training = new() { LearningRate = 0.5 } }],
        };
        GridReport report = await runner.RunAsync(grid);

        JsonNode[] records = [.. bed.Files("run.json").Select(f => JsonNode.Parse(File.ReadAllText(f))!)];
        Assert.Equal(["lora", "lora-2"], records.Select(r => r["method"]!.GetValue<string>()).Order());
        JsonNode second = records.Single(r => r["method"]!.GetValue<string>() == "lora-2"), first = records.Single(r => r["method"]!.GetValue<string>() == "lora");
        Assert.Equal((0.3, 0.5, "grid", "grid"), (Value(second["options"]!["rho"]), Value(second["training"]!["learningRate"]), second["origins"]!["Methods:lora-2:Rho"]!.ToString(), second["origins"]!["Training:LearningRate"]!.ToString()));
        Assert.Equal((1.0, "default"), (Value(first["options"]!["rho"]), first["origins"]!["Methods:lora:Rho"]!.ToString()));
        Assert.NotEqual(first["fingerprint"]!.ToString(), second["fingerprint"]!.ToString());
        Assert.Equal(2, report.Rows.Count);

        // a value that is changed is another training, one that is spelled otherwise is not
        int trained = bed.Models.Trained.Count;
        await runner.RunAsync(grid with { Overlays = [grid.Overlays[0] with { Datasets = [], Options = Values(("rho", 0.3)) }] });
        Assert.Equal(trained, bed.Models.Trained.Count);
        await runner.RunAsync(grid with { Overlays = [grid.Overlays[0] with { Options = Values(("Rho", 0.4)) }] });
        Assert.Equal(trained + 1, bed.Models.Trained.Count);
    }

    [Theory]
    [InlineData("sst2", 100, 900)]
    [InlineData("agnews", 100, 900)]
    [InlineData("gsm8k", 100, 900)]
    [InlineData("alpaca", 75, 675)]
    [InlineData("dolly", 45, 405)]
    [InlineData("samsum", 10, 90)]
    [InlineData("sqlgen", 10, 90)]
    [InlineData("sandbox-sentiment", null, null)]
    public void GetExperiment_LisaAndItsControl_HaveTheStatesOfTheTask(string task, int? alignment, int? fineTuning)
    {
        using ServiceProvider services = Real();
        MethodCatalog methods = services.GetRequiredService<MethodCatalog>();
        foreach (string regime in new[] { "benign", "low", "medium", "high", "pure-bad", "pure-bad-mixed" })
        {
            foreach (string method in new[] { "lisa", "guide-mix" })
            {
                FinetuneExperimentConfig found = methods.GetExperiment(method, $"{task}-{regime}");
                var options = (AlternationOptions)found.Options!;
                Assert.Equal((alignment, fineTuning), (options.AlignmentSteps, options.FineTuningSteps));
                Assert.Equal(alignment is null ? "default" : "method overlay", found.Origins[$"Methods:{method}:AlignmentSteps"]);
            }
        }
    }

    [Theory]
    [InlineData("sst2", 5, 20, 1e-5, 0.1, 0.1, LearningRateSchedule.Cosine)]
    [InlineData("agnews", 5, 20, 1e-5, 0.1, 0.1, LearningRateSchedule.Cosine)]
    [InlineData("gsm8k", 5, 50, 1e-5, 0.1, 0.1, LearningRateSchedule.Cosine)]
    [InlineData("samsum", 10, 10, 1e-5, 0, 0, LearningRateSchedule.Constant)]
    [InlineData("sqlgen", 10, 10, 1e-5, 0, 0, LearningRateSchedule.Constant)]
    [InlineData("dolly", 32, 1, 2e-5, 0, 0, LearningRateSchedule.Constant)]
    [InlineData("alpaca", 64, 1, 2e-5, 0, 0, LearningRateSchedule.Constant)]
    public void GetExperiment_EveryMethodOnTheSevenTasks_HasTheTaskRecipe(string task, int batch, double epochs, double rate, double decay, double warmup, LearningRateSchedule schedule)
    {
        using ServiceProvider services = Real();
        MethodCatalog methods = services.GetRequiredService<MethodCatalog>();
        foreach (string method in new[] { "lora", "lisa", "guide-mix", "none" })
        {
            FinetuneExperimentConfig found = methods.GetExperiment(method, task + "-high");
            TrainingConfig t = found.Training;
            Assert.Equal((batch, epochs, rate, decay, warmup, schedule), (t.BatchSize, t.Epochs, t.LearningRate, t.WeightDecay, t.WarmupRatio, t.Schedule));
            Assert.Equal((8, 4.0, 0.1), (found.Lora.Rank, found.Lora.Alpha, found.Lora.Dropout));
            Assert.Equal(["q_proj", "v_proj"], found.Lora.TargetModules);
        }
    }

    [Fact]
    public void Create_OptionsOfAnOverlay_DecideWhatTheMethodAsksFor()
    {
        using ServiceProvider services = Real();
        MethodCatalog methods = services.GetRequiredService<MethodCatalog>();
        var grid = new ExperimentGrid("g") { Overlays = [new ExperimentOverlay("lisa") { Datasets = ["sst2"], Options = Values(("AlignmentSteps", 0)) }] };

        Assert.Empty(methods.Create(methods.Resolve("lisa", FinetuneDatasets.Sst2.HighHarm, grid).Parts[0]).Needs.Streams);
        Assert.Equal(["align"], methods.Create(methods.Resolve("lisa", FinetuneDatasets.Gsm8k.HighHarm, grid).Parts[0]).Needs.Streams);
    }

    [Fact]
    public void AddMethodsFrom_Assembly_RegistersEachPublicMethodUnderItsNameOnceWithItsOptions()
    {
        var services = new ServiceCollection();
        services.AddSafeTuneBed().AddMethodsFrom(typeof(LisaAlgorithm).Assembly).AddMethods().AddLisa(o => o.Rho = 4);
        using ServiceProvider provider = services.BuildServiceProvider();
        MethodCatalog methods = provider.GetRequiredService<MethodCatalog>();
        using ServiceProvider named = Real();

        Assert.Equal(named.GetRequiredService<MethodCatalog>().Names.Order(), methods.Names.Order());
        var lisa = (LisaOptions)methods.GetExperiment("lisa", "sst2-high").Options!;
        Assert.Equal((4.0, 100), (lisa.Rho, lisa.AlignmentSteps!.Value));
    }

    [Fact]
    public void AddMethodsFrom_AssemblyWithoutMethods_SaysSo() =>
        Assert.Contains("has no public class", Assert.Throws<ConfigurationException>(() => bed.Runner(b => b.AddMethodsFrom(typeof(Assert).Assembly))).Message, StringComparison.Ordinal);

    private static double Value(JsonNode? node) => node!.GetValue<double>();

    private static Dictionary<string, object?> Values(params (string Name, object? Value)[] values) => values.ToDictionary(v => v.Name, v => v.Value);

    private static ServiceProvider Real()
    {
        var services = new ServiceCollection();
        services.AddSafeTuneBed().AddMethods();
        return services.BuildServiceProvider();
    }
}

public enum Mood
{
    Glad,
    Sad,
}

public sealed class LayeredOptions : MethodOptions
{
    public int First { get; set; }

    public int Second { get; set; }

    public double Third { get; set; }

    public int Fourth { get; set; }

    public int? Fifth { get; set; }

    public int? Sixth { get; set; } = 6;

    public int Seventh { get; set; } = 7;

    public Mood Mood { get; set; }
}

public sealed class LayeredMethod : MethodAlgorithm<LayeredOptions>;
