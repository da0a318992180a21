using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace SafeTuneBed.Tests.Core.Running;

public sealed class RowWarningsTests : IDisposable
{
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task Run_StepsThatWereSkipped_AreInTheRecordAndInTheRowsWarnings()
    {
        bed.Models.GradientNorm = (cell, step) => cell.EndsWith("seed 1", StringComparison.Ordinal) && step <= 2 ? double.NaN : 1;
        GridReport report = await RunAsync(FakeBed.Grid("lora") with { Datasets = ["task-benign"] });

        Assert.Equal([0, 2, 0], bed.Files("run.json").Select(f => JsonNode.Parse(File.ReadAllText(f))!["skippedSteps"]!.GetValue<int>()));
        Assert.Equal("optimizer steps were skipped, because their gradients were not finite: 2 of 3 with seed 1.", Assert.Single(report.Rows[0].Warnings));
        Assert.Equal("0 / 2", report.Rows[0].Settings["SkippedSteps"]);
    }

    [Theory]
    [InlineData(1.4, false)]
    [InlineData(1.6, true)]
    public async Task Run_LossThatRose_IsWarnedOfWithBothNumbers(double last, bool isWarned)
    {
        bed.Models.Loss = step => step == 3 ? 2 * last : 2;
        GridReport report = await RunAsync(FakeBed.Grid("lora") with { Datasets = ["task-benign"] });
        Assert.Equal(isWarned, report.Rows[0].Warnings.Any(w => w.StartsWith("the loss rose", StringComparison.Ordinal) && w.Contains("2.00 at first, 3.20 at last with seed 1", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_OneSeed_SaysThatNothingIsKnownOfSeeds()
    {
        GridReport report = await RunAsync(FakeBed.Grid() with { Seeds = [0] });
        Assert.All(report.Rows, r => Assert.Equal(r.Method == "lora" ? 1 : 0, r.Warnings.Count(w => w.StartsWith("1 seed: no seed variance", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Run_ModelWithoutAChatTemplate_IsWarnedAboutUnlessTheTemplateWasChosen()
    {
        ModelReference bare = ModelReference.Folder("/models/bare");
        GridReport report = await RunAsync(FakeBed.Grid("none") with { Models = [bare], Evaluators = ["word-rate@advbench"], Baseline = null });
        Assert.Contains(report.Rows[0].Warnings, w => w.Contains("no chat template", StringComparison.Ordinal));

        report = await RunAsync(FakeBed.Grid("none") with { Models = [bare with { Template = "raw", Name = "chosen" }], Evaluators = ["word-rate@advbench"], Baseline = null });
        Assert.Empty(report.Rows[0].Warnings);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task Run_ShareAboveItsLimit_IsNamed(int hits, bool isNamed)
    {
        GridReport report = await RunAsync(FakeBed.Grid("none") with { Evaluators = ["flagged"], Datasets = ["task-benign"], Baseline = null }, b => b.AddEvaluator<Flagged>("flagged"), hits);
        Assert.Equal(isNamed ? ["loops: 20.0 % (flagged/looping), more than 10 %."] : [], report.Rows[0].Warnings);
    }

    [Fact]
    public async Task Settings_Row_NameWhatItWasMadeWith()
    {
        GridReport report = await RunAsync(FakeBed.Grid(), b =>
        {
            b.ConfigureTraining(t => t.LearningRate = 0.001);
            b.ConfigureLora(l => l.Rank = 4);
        });
        IReadOnlyDictionary<string, string> trained = report.Row("lora", "task-high").Settings, untouched = report.Row("none", "task-high").Settings;
        Assert.Equal(
            ("model sandbox", "20 (6 poison)", "0.001", "4", "q_proj, v_proj", "1", "0", "5"),
            (trained["Model"], trained["Rows"], trained["Training:LearningRate"], trained["Lora:Rank"], trained["Lora:TargetModules"], trained["Method:Rho"], trained["SkippedSteps"], trained["Method:Period"]));
        Assert.StartsWith("chat template-1", trained["Template"], StringComparison.Ordinal);
        Assert.EndsWith("greedy, at most 24 tokens", trained["Asked:word-rate"], StringComparison.Ordinal);
        Assert.StartsWith("10 items ", trained["Asked:word-rate"], StringComparison.Ordinal);
        Assert.Equal(3, trained["Runs"].Split(" / ").Length);
        Assert.DoesNotContain(untouched.Keys, k => k.StartsWith("Training:", StringComparison.Ordinal) || k.StartsWith("Lora:", StringComparison.Ordinal));
        Assert.Equal(trained["Model"], untouched["Model"]);
    }

    private async Task<GridReport> RunAsync(ExperimentGrid grid, Action<ISafeTuneBedBuilder>? configure = null, int hits = 0)
    {
        Flagged.Hits = hits;
        await using ExperimentRunner runner = bed.Runner(configure);
        return await runner.RunAsync(grid);
    }

    private sealed class Flagged : PromptEvaluator<PromptItem>
    {
        public static int Hits;

        private static readonly MetricDefinition Looping = MetricDefinition.Proportion("looping", 1, Direction.LowerIsBetter) with { Heading = "loops", WarnAbove = 0.1 };

        public override IReadOnlyList<MetricDefinition> Metrics => [Looping];

        protected override IAsyncEnumerable<PromptItem> LoadItemsAsync(EvaluationContext context, CancellationToken cancellationToken) => context.Prompts(cancellationToken);

        protected override IReadOnlyList<ChatMessage> CreatePrompt(PromptItem item) => [new(ChatRole.User, item.Prompt)];

        protected override IEnumerable<SampleScore> Score(PromptItem item, Generation answer) => [Looping.Score(int.Parse(item.Id.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture) < Hits)];
    }
}
