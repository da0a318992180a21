using Microsoft.Extensions.DependencyInjection;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

public sealed class ConfigurationTests : IDisposable
{
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public void Runner_UnknownAndUnreadableKeys_AreToldTogetherWithPathAndKnownNames()
    {
        using ServiceProvider services = bed.Services(new()
        {
            ["Trainng:LearningRate"] = "1",
            ["Training:LearningRte"] = "1",
            ["Training:Schedule"] = "Zigzag",
            ["Lora:Rank"] = "eight",
            ["Lora:TargetModules"] = "",
            ["Methods:lora:Ro"] = "1",
            ["Methods:lisa:Rho"] = "1",
            ["Methods:none:Rho"] = "1",
            ["Evaluators:word-rate:Wrd"] = "x",
            ["Evaluators:mmlu:Shots"] = "5",
            ["MaxConcurrency"] = "0",
            ["Checkpoints:Evry"] = "00:01:00",
            ["Checkpoints:Steps"] = "0",
            ["Runs:Folder"] = "x",
        });

        string message = Assert.Throws<ConfigurationException>(services.GetRequiredService<ExperimentRunner>).Message;

        foreach (string text in new[]
        {
            "The key Trainng is unknown. Did you mean 'Training'? Known: Training, Lora, DataRoots, AcceptLicenses, Sandbox, Runs, MaxConcurrency, Checkpoints, Methods, Evaluators, Judges.",
            "The key Training:LearningRte is unknown. Did you mean 'LearningRate'?",
            "Training:Schedule is 'Zigzag'; give one of Constant, Linear, Cosine.",
            "Lora:Rank is 'eight'; give a value of type Int32.",
            "The key Methods:lora:Ro is unknown. Did you mean 'Rho'? Known: Rho, Period.",
            "The key Methods:lisa is unknown.",
            "The key Methods:none:Rho is unknown.",
            "The key Evaluators:word-rate:Wrd is unknown. Did you mean 'Word'?",
            "The key Evaluators:mmlu is unknown.",
            "MaxConcurrency is '0'",
            "The key Checkpoints:Evry is unknown. Did you mean 'Every'? Known: Every, Steps.",
            "Checkpoints has Every 00:01:00 and Steps 0; give a time of 0 or more, such as 00:01:00, and steps from 1.",
            "Runs is not a text",
        })
        {
            Assert.Contains(text, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Checkpoints_FromConfiguration_AreThoseOfTheBed()
    {
        using ServiceProvider services = bed.Services(new() { ["Checkpoints:Every"] = "00:00:05", ["Checkpoints:Steps"] = "40" });
        Assert.Equal(new SafeTuneBed.Training.CheckpointPolicy { Every = TimeSpan.FromSeconds(5), Steps = 40 }, services.GetRequiredService<BedSettings>().Checkpoints);
    }

    [Fact]
    public void Runner_SectionBelowAPrefix_NamesTheWholePath()
    {
        var configuration = new Microsoft.Extensions.Configuration.ConfigurationBuilder();
        Microsoft.Extensions.Configuration.MemoryConfigurationBuilderExtensions.AddInMemoryCollection(configuration, new Dictionary<string, string?> { ["Bed:Lora:Rnk"] = "4" });

        string message = Assert.Throws<ConfigurationException>(() => ExperimentRunner.Create(b => bed.AddParts(b), configuration.Build().GetSection("Bed"))).Message;

        Assert.Contains("The key Bed:Lora:Rnk is unknown. Did you mean 'Rank'?", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_AllLayers_TheHigherWinsAndEachValueKnowsItsOrigin()
    {
        using ServiceProvider services = bed.Services(
            new()
            {
                ["Training:LearningRate"] = "0.003",
                ["Training:BatchSize"] = "3",
                ["Training:WeightDecay"] = "0.3",
                ["Lora:TargetModules:0"] = "k_proj",
                ["Lora:TargetModules:1"] = "o_proj",
                ["Methods:lora:Period"] = "9",
                ["DataRoots:0"] = "/a",
                ["DataRoots:1"] = "/b",
                ["AcceptLicenses:0"] = "beavertails",
                ["Sandbox"] = "/box",
            },
            b => b.ConfigureTraining(t => t.BatchSize = 4).ConfigureTraining(t => t.WeightDecay = 0.4).ConfigureLora(l => l.Alpha = 16).AddDataRoot("/c"));
        MethodCatalog methods = services.GetRequiredService<ExperimentRunner>().Methods;
        FinetuneDatasetConfig dataset = FakeData.Dataset("task-x", 0, new TrainingOptions { LearningRate = 0.002, BatchSize = 2, WeightDecay = 0.2, Epochs = 2 });

        FinetuneExperimentConfig found = methods.Resolve("lora", dataset, new ExperimentGrid("g") { Training = new TrainingOptions { WeightDecay = 0.5 } });

        Assert.Equal((0.003, 4, 0.5, 2.0, 1.0), (found.Training.LearningRate, found.Training.BatchSize, found.Training.WeightDecay, found.Training.Epochs, found.Training.MaxGradientNorm));
        Assert.Equal(
            ["configuration", "builder", "grid", "task recipe", "default"],
            new[] { "LearningRate", "BatchSize", "WeightDecay", "Epochs", "MaxGradientNorm" }.Select(n => found.Origins["Training:" + n]));
        Assert.Equal(["k_proj", "o_proj"], found.Lora.TargetModules);
        Assert.Equal(("configuration", "builder", "default"), (found.Origins["Lora:TargetModules"], found.Origins["Lora:Alpha"], found.Origins["Lora:Rank"]));
        Assert.Equal(("configuration", "default"), (found.Origins["Methods:lora:Period"], found.Origins["Methods:lora:Rho"]));
        Assert.Equal((9, 1.0), (((FakeOptions)found.Options!).Period, ((FakeOptions)found.Options).Rho));
        BedSettings settings = services.GetRequiredService<BedSettings>();
        Assert.Equal(["/a", "/b", "/c"], settings.DataRoots);
        Assert.Equal(["beavertails"], settings.AcceptedLicenses);
        Assert.Equal("/box", settings.SandboxFolder);
    }

    [Fact]
    public void Resolve_HigherLayerNamesTheWeakerOfTwo_TheStrongerOfALowerLayerNoLongerHolds()
    {
        using ServiceProvider services = bed.Services([], b => b.ConfigureTraining(t => t.Epochs = 3));
        FinetuneDatasetConfig dataset = FakeData.Dataset("task-x", 0, new TrainingOptions { Steps = 300, WarmupSteps = 10 });
        MethodCatalog methods = services.GetRequiredService<MethodCatalog>();

        FinetuneExperimentConfig found = methods.GetExperiment("lora", dataset);
        Assert.Equal((null, 3.0, 10), (found.Training.Steps, found.Training.Epochs, found.Training.WarmupSteps));
        Assert.Equal("builder", found.Origins["Training:Steps"]);

        Assert.Equal(50, methods.Resolve("lora", dataset, new ExperimentGrid("g") { Training = new TrainingOptions { Steps = 50, Epochs = 1 } }).Training.Steps);
    }

    [Fact]
    public async Task RunRecord_OfATrainedCell_HoldsEveryOptionWithItsOriginAndTheSettingsOfTheMethod()
    {
        await using ExperimentRunner runner = bed.Runner(method: o => o.Rho = 2);
        await runner.RunAsync(FakeBed.Grid("lora") with { Seeds = [4], Datasets = ["task-high"], Training = new() { Epochs = 2, MaxLength = 4096 } });

        var record = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(Assert.Single(bed.Files("run.json"))))!;
        foreach (string name in typeof(TrainingOptions).GetProperties().Select(p => p.Name))
        {
            Assert.NotNull(record["origins"]!["Training:" + name]);
        }

        Assert.Equal("builder", record["origins"]!["Methods:lora:Rho"]!.GetValue<string>());
        Assert.Equal("grid", record["origins"]!["Training:Epochs"]!.GetValue<string>());
        Assert.Equal("model", record["origins"]!["Training:MaxLength"]!.GetValue<string>());
        Assert.Equal(512, record["training"]!["maxLength"]!.GetValue<int>());
        Assert.Equal(2, record["options"]!["rho"]!.GetValue<double>());
        Assert.Equal(6, record["rows"]!["harmful"]!.GetValue<int>());
        Assert.Equal(64, record["fingerprint"]!.GetValue<string>().Length);
        Assert.Equal(record["fingerprint"]!.GetValue<string>(), CanonicalJson.Hash(record["parts"]));
        string[] log = File.ReadAllLines(Assert.Single(bed.Files("train.jsonl")));
        Assert.Equal([1, 2, 3], log.Select(l => System.Text.Json.Nodes.JsonNode.Parse(l)!["step"]!.GetValue<int>()));
    }

    [Fact]
    public void GetExperiment_UnknownPair_NamesTheNearest()
    {
        using ServiceProvider services = bed.Services([]);
        MethodCatalog methods = services.GetRequiredService<MethodCatalog>();

        Assert.Contains("Did you mean 'lora'?", Assert.Throws<ConfigurationException>(() => methods.GetExperiment("lorra", "task-high")).Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'task-high'?", Assert.Throws<ConfigurationException>(() => methods.GetExperiment("lora", "task-hig")).Message, StringComparison.Ordinal);
        Assert.Equal("task-high", methods.GetExperiment("lora", "task-high").Dataset.Name);
    }

    [Fact]
    public void Add_SameNameTwice_NamesBothTypes()
    {
        string message = Assert.Throws<ConfigurationException>(() => bed.Runner(b => b.AddMethod<OtherMethod>("lora"))).Message;

        Assert.Contains(typeof(FakeMethod).FullName!, message, StringComparison.Ordinal);
        Assert.Contains(typeof(OtherMethod).FullName!, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Add_SameClassAgain_ConfiguresTheSameRegistrationInTheOrderOfTheCalls()
    {
        using ServiceProvider services = bed.Services([], b => b
            .AddMethod<FakeMethod, FakeOptions>("lora", o => (o.Rho, o.Period) = (2, 7))
            .AddMethod<FakeMethod, FakeOptions>("lora", o => o.Rho *= 3)
            .AddMethod<FakeMethod, FakeOptions>("lora")
            .AddMethod<UntrainedMethod>("none")
            .AddEvaluator<WordRate, WordOptions>("word-rate", o => o.Word = "no")
            .AddEvaluator<TaskRate>("task-rate"));
        MethodCatalog methods = services.GetRequiredService<ExperimentRunner>().Methods;

        Assert.Equal(["none", "lora"], methods.Names);
        var options = (FakeOptions)methods.GetExperiment("lora", "task-high").Options!;
        Assert.Equal((6.0, 7), (options.Rho, options.Period));
        Assert.Equal("no", ((WordOptions)services.GetRequiredService<EvaluatorCatalog>().OptionsOf("word-rate")!).Word);
        Assert.Equal(2, services.GetRequiredService<EvaluatorCatalog>().Names.Count);
    }

    [Fact]
    public void Add_SameClassAgainOutOfRange_IsRefusedAtOnce() =>
        Assert.Contains("(it is 102)", Assert.Throws<ConfigurationException>(() => bed.Runner(b => b.AddMethod<FakeMethod, FakeOptions>("lora", o => o.Rho = 102))).Message, StringComparison.Ordinal);

    [Fact]
    public void AddLora_AfterAddMethods_ConfiguresIt()
    {
        var services = new ServiceCollection();
        services.AddSafeTuneBed().AddMethods().AddLora(l => l.Rank = 16);
        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Equal(16, provider.GetRequiredService<MethodCatalog>().GetExperiment("lora", "sandbox-sentiment-high").Lora.Rank);
    }

    [Fact]
    public void AddDatasets_SameNameTwice_IsRefusedAlthoughTheClassIsTheSame() =>
        Assert.Contains("'task-x' is registered twice", Assert.Throws<ConfigurationException>(() => bed.Runner(b => b.AddDatasets(FakeData.Dataset("task-x"), FakeData.Dataset("task-x", 0.3m)))).Message, StringComparison.Ordinal);

    [Fact]
    public void Add_SettingsOutOfRange_IsRefusedAtOnceWithEveryFault()
    {
        Assert.Contains("(it is 101)", Assert.Throws<ConfigurationException>(() => bed.Runner(method: o => o.Rho = 101)).Message, StringComparison.Ordinal);
        Assert.Contains("(it is -0.3)", Assert.Throws<ConfigurationException>(() => bed.Runner(method: o => o.Rho = -0.3)).Message, StringComparison.Ordinal); // not rounded to 0
        string message = Assert.Throws<ConfigurationException>(() => bed.Runner(b => b.ConfigureTraining(t => (t.LearningRate, t.BatchSize, t.Schedule) = (double.NaN, 0, (LearningRateSchedule)9)))).Message;
        Assert.Contains("LearningRate", message, StringComparison.Ordinal);
        Assert.Contains("BatchSize", message, StringComparison.Ordinal);
        Assert.Contains("Schedule is 9", message, StringComparison.Ordinal);
        Assert.Contains("TargetModules", Assert.Throws<ConfigurationException>(() => bed.Runner(b => b.ConfigureLora(l => l.TargetModules = []))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddSafeTuneBed_Twice_GivesTheSameBed()
    {
        var services = new ServiceCollection();
        services.AddSafeTuneBed().UseRunFolder("/x");
        int count = services.Count;
        services.AddSafeTuneBed();

        Assert.Equal(count, services.Count);
        Assert.Throws<ConfigurationException>(() => services.AddSafeTuneBed(new Microsoft.Extensions.Configuration.ConfigurationBuilder().Build()));
    }

    [Fact]
    public void TrainingConfig_HasAPropertyForEachOption()
    {
        Assert.All(typeof(TrainingOptions).GetProperties(), p => Assert.NotNull(typeof(TrainingConfig).GetProperty(p.Name)));
        Assert.All(typeof(LoraOptions).GetProperties(), p => Assert.NotNull(typeof(LoraConfig).GetProperty(p.Name)));
    }
}
