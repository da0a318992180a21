using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>How entries of a grid's methods are read, and what a grid makes of them.</summary>
public sealed class MethodPipelineTests : IDisposable
{
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Theory]
    [InlineData("lora", "lora")]
    [InlineData("none", "none")]
    [InlineData("none+guard", "guard+none")]
    [InlineData("guard", "guard+lora")]
    [InlineData("lora+guard", "guard+lora")]
    [InlineData(" lora + guard ", "guard+lora")]
    [InlineData("other+guard", "guard+other")]
    [InlineData("project", "lora+project")]
    [InlineData("project+shrink", "lora+project+shrink")]
    [InlineData("shrink+project+guard+other+rows", "rows+guard+other+shrink+project")]
    [InlineData("guard-lora", "guard+lora")]
    [InlineData("project+guard-other", "guard+other+project")]
    public async Task Parse_Entry_IsOrderedByStageAndNamesItsFineTuning(string written, string canonical)
    {
        await using ExperimentRunner runner = Runner();
        Assert.Equal(canonical, runner.Methods.GetCanonicalName(written));
        Assert.Equal(canonical, runner.Methods.GetCanonicalName(canonical));
        Assert.Equal(canonical, runner.Methods.GetExperiment(written, FakeData.Dataset("task-x")).Method);
    }

    [Theory]
    [InlineData("none+project", "'none' fine-tunes nothing, so in the pipeline 'none+project' there is no adapter for 'project'")]
    [InlineData("lora+other", "2 methods that fine-tune: 'lora' and 'other'")]
    [InlineData("guard-lora+other", "2 methods that fine-tune: 'lora' and 'other'")]
    [InlineData("lora+project+lora", "'lora' twice")]
    [InlineData("guard+guard-lora", "'guard' twice")]
    [InlineData("guard+", "empty part")]
    [InlineData("+", "empty part")]
    [InlineData("guard+proejct", "There is no method 'proejct' (in the pipeline 'guard+proejct'). Did you mean 'project'?")]
    [InlineData("gard-lora", "There is no method 'gard-lora'. Did you mean 'guard-lora'?")]
    public async Task Plan_PartsThatDoNotGoTogether_IsAProblemThatSaysWhy(string written, string text)
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(FakeBed.Grid("lora", written) with { Datasets = ["task-high"] });
        Assert.Contains(text, Assert.Single(plan.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_SamePipelineTwiceInOtherForms_IsAProblem()
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(FakeBed.Grid("lora", "guard", "lora+guard") with { Datasets = ["task-high"] });
        Assert.Equal(["The methods 'guard' and 'lora+guard' mean the same, 'guard+lora'. Name it once."], plan.Problems);
    }

    [Fact]
    public async Task Parse_NoFineTuningRegistered_NamesTheRemedy()
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(b => b.AddMethod<FakeAlignment, FakeAlignmentOptions>("guard"));
        string message = Assert.Throws<ConfigurationException>(() => runner.Methods.GetCanonicalName("guard")).Message;
        Assert.Contains("AddLora()", message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddMethodAlias_NameOfAMethodOrOfAnotherPipeline_IsRefused()
    {
        Assert.Throws<ConfigurationException>(() => ExperimentRunner.Create(b => b.AddMethod<OtherMethod>("other").AddMethodAlias("other", "other+guard")));
        Assert.Throws<ConfigurationException>(() => ExperimentRunner.Create(b => b.AddMethodAlias("x", "a+b").AddMethodAlias("x", "a+c")));
        using ExperimentRunner same = ExperimentRunner.Create(b => b.AddMethodAlias("x", "a+b").AddMethodAlias("x", "a+b"));
        Assert.Equal("a+b", same.Methods.Aliases["x"]);
    }

    [Fact]
    public async Task Run_BaselineInAnotherForm_ComparesWithTheCanonicalRowAndRowsAreFoundInEveryForm()
    {
        await using ExperimentRunner runner = Runner();
        GridReport report = await runner.RunAsync(FakeBed.Grid("none", "lora", "guard") with { Datasets = ["task-high"], Baseline = "lora+guard" });

        Assert.Equal(["none", "lora", "guard+lora"], report.Rows.Select(r => r.Method));
        Assert.Equal("guard+lora", report.Baseline);
        Assert.Same(report.Rows[2], report.Row("guard-lora", "task-high"));
        Assert.Same(report.Rows[2], report.Row("guard", "task-high"));
        Assert.Empty(report.Rows[2].VersusBaseline);
        Assert.NotEmpty(report.Rows[1].VersusBaseline);
        Assert.Contains(Path.Combine("sandbox", "guard+lora", "task-high", "seed-0-"), bed.Files("metrics.json").First(f => f.Contains("guard", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Throws<ConfigurationException>(() => report.Row("project", "task-high"));
    }

    [Fact]
    public async Task GetExperiment_Pipeline_HoldsTheSettingsOfEveryPartWithTheirOrigins()
    {
        await using ExperimentRunner runner = Runner(o =>
        {
            o.Radius = 0.5;
            o.Training.Epochs = 7;
        });
        FinetuneExperimentConfig found = runner.Methods.GetExperiment("guard", FakeData.Dataset("task-x", 0, new TrainingOptions { Epochs = 20, WeightDecay = 0.1 }));

        Assert.Equal([("guard", MethodStage.Alignment), ("lora", MethodStage.FineTuning)], found.Parts.Select(p => (p.Method, p.Stage)));
        MethodPartConfig guard = found.Parts[0];
        Assert.Equal((7.0, 4, 0.0), (guard.Training!.Epochs, guard.Training.BatchSize, guard.Training.WeightDecay)); // the task recipe is the user's
        Assert.Equal((16, 4.0), (guard.Lora!.Rank, guard.Lora.Alpha));
        Assert.Equal(20, found.Training.Epochs);
        Assert.IsType<FakeOptions>(found.Options);
        Assert.Null(found.Parts[1].Training);
        Assert.Equal(
            ["builder", "default", "builder", "default", "task recipe"],
            new[] { "Methods:guard:Training:Epochs", "Methods:guard:Training:BatchSize", "Methods:guard:Radius", "Methods:lora:Rho", "Training:Epochs" }.Select(k => found.Origins[k]));
    }

    [Fact]
    public void AddMethod_AlignmentSettingsOutOfRange_AreRefused()
    {
        string message = Assert.Throws<ConfigurationException>(() => Runner(o => o.Training.LearningRate = -1)).Message;
        Assert.Contains("LearningRate", message, StringComparison.Ordinal);
    }

    private ExperimentRunner Runner(Action<FakeAlignmentOptions>? guard = null) => bed.Runner(b => b
        .AddMethod<FakeAlignment, FakeAlignmentOptions>("guard", guard).AddMethod<OtherMethod>("other")
        .AddMethod<After>("project").AddMethod<After2>("shrink").AddMethod<Before>("rows")
        .AddMethodAlias("guard-lora", "guard+lora").AddMethodAlias("guard-other", "other+guard"));

    private sealed class After : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.PostFineTuning;
    }

    private sealed class After2 : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.PostFineTuning;
    }

    private sealed class Before : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.Data;
    }
}
