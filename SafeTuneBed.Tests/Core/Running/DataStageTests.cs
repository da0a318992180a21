using System.Text.Json.Nodes;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>Methods that change rows and prompts: what is trained on, what is told, and what is refused.</summary>
public sealed class DataStageTests : IDisposable
{
    private static readonly ExperimentGrid Grid = FakeBed.Grid("lora", "season") with { Seeds = [0], Datasets = ["task-high"] };
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task Run_RowsThatAMethodEditsAndAdds_AreTrainedOn()
    {
        await using ExperimentRunner runner = Runner();
        GridReport report = await runner.RunAsync(Grid);

        Assert.Equal(["lora", "season+lora"], report.Rows.Select(r => r.Method));
        Assert.Equal(["6/20 seed 0", "6/23 seed 0"], bed.Models.Trained.Order()); // three of the defender's rows more
        JsonNode plain = Record("lora"), seasoned = Record("season+lora");
        Assert.NotEqual(plain["parts"]!["data"]!.GetValue<string>(), seasoned["parts"]!["data"]!.GetValue<string>());
        Assert.Equal("season", seasoned["parts"]!["dataMethods"]![0]!["name"]!.GetValue<string>());
        Assert.Equal("secret of 0", seasoned["parts"]!["promptPolicy"]!["evaluationSystem"]!.GetValue<string>());
        Assert.Null(plain["parts"]!["promptPolicy"]);
        Assert.Equal((23, 14, 6), (seasoned["rows"]!["all"]!.GetValue<int>(), seasoned["rows"]!["benign"]!.GetValue<int>(), seasoned["rows"]!["harmful"]!.GetValue<int>()));
        Assert.Equal("sandbox-guide", seasoned["streams"]!["align"]!["dataset"]!.GetValue<string>());
        Assert.Null(plain["streams"]);
    }

    [Fact]
    public async Task Run_OptionOfADataMethod_TrainsAnew()
    {
        await using (ExperimentRunner first = Runner())
        {
            await first.RunAsync(Grid);
        }

        bed.Models.Reset();
        await using (ExperimentRunner same = Runner())
        {
            await same.RunAsync(Grid);
        }

        Assert.Empty(bed.Models.Trained);
        await using ExperimentRunner other = Runner(o => o.Extra = 4);
        await other.RunAsync(Grid);
        Assert.Equal(["6/24 seed 0"], bed.Models.Trained);
    }

    [Fact]
    public async Task Run_PolicyAlone_AsksAgainUnderAnotherText()
    {
        await using (ExperimentRunner first = Runner(o => (o.Extra, o.Suffix) = (0, "a")))
        {
            await first.RunAsync(Grid);
        }

        int asked = bed.Models.Generated.Count;
        await using ExperimentRunner other = Runner(o => (o.Extra, o.Suffix) = (0, "b"));
        await other.RunAsync(Grid);
        Assert.Equal(asked + (asked / 2), bed.Models.Generated.Count); // answers of another policy are other answers
    }

    [Fact]
    public async Task Plan_TwoPolicies_AreAProblem()
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(Grid with { Methods = ["lora", "season+season-two"] });
        Assert.Contains("'season' and 'season-two' both set a prompt policy", Assert.Single(plan.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_TemplateWithoutAPlaceForTheText_IsAProblem()
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(Grid with { Models = [ModelReference.Sandbox with { Template = "deaf" }] });
        Assert.Contains("the template 'deaf' has no place for one", Assert.Single(plan.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_MethodOfAnotherStageWithSuchHooks_IsAProblem()
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(Grid with { Methods = ["lora", "late"] });
        Assert.Contains("'late' acts at the stage PostFineTuning, and sets a prompt policy", Assert.Single(plan.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_HookWithANamesakeOfOtherParameters_IsFoundAllTheSame()
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(Grid with { Methods = ["lora", "namesake", "namesake-only"] });
        Assert.Empty(plan.Problems);
        await runner.RunAsync(Grid with { Methods = ["lora", "namesake", "namesake-only"] });
        string[] data = [.. new[] { "lora", "namesake+lora", "namesake-only+lora" }.Select(m => Record(m)["parts"]!["data"]!.GetValue<string>())];
        Assert.NotEqual(data[0], data[1]);
        Assert.Equal(data[0], data[2]);
    }

    [Fact]
    public async Task Plan_AlignmentStageThatSetsAPolicy_IsAProblem()
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(Grid with { Methods = ["lora", "early"] });
        Assert.Contains("'early' acts at the stage Alignment, and sets a prompt policy", Assert.Single(plan.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_MethodThatGivesNoRows_IsAProblem()
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(Grid with { Methods = ["lora", "empty"] });
        Assert.Contains("gives no training rows", Assert.Single(plan.Problems), StringComparison.Ordinal);
    }

    private ExperimentRunner Runner(Action<SeasonOptions>? season = null) => bed.Runner(b => b
        .AddMethod<Season, SeasonOptions>("season", season).AddMethod<Season, SeasonOptions>("season-two").AddMethod<Late>("late").AddMethod<Empty>("empty")
        .AddMethod<Early>("early").AddMethod<Namesake>("namesake").AddMethod<NamesakeOnly>("namesake-only"));

    private JsonNode Record(string method) => JsonNode.Parse(File.ReadAllText(bed.Files("run.json").Single(f => f.Contains(Path.Combine("sandbox", method) + Path.DirectorySeparatorChar, StringComparison.Ordinal))))!;

    public sealed class SeasonOptions : MethodOptions
    {
        public int Extra { get; set; } = 3;

        public string Suffix { get; set; } = "";
    }

    private sealed class Season : MethodAlgorithm<SeasonOptions>
    {
        public override MethodStage Stage => MethodStage.Data;

        public override MethodNeeds Needs => MethodNeeds.Stream("align");

        protected override IEnumerable<FinetuneExample> TransformExamples(IEnumerable<FinetuneExample> examples, DataContext context) =>
            [.. examples, .. context.Stream("align").Take(Options.Extra).Select(e => e with { System = "secret" })];

        protected override PromptPolicy? CreatePromptPolicy(DataContext context) => new() { EvaluationSystem = $"secret of {context.Seed}{Options.Suffix}" };
    }

    private sealed class Late : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.PostFineTuning;

        protected override PromptPolicy? CreatePromptPolicy(DataContext context) => new();
    }

    private sealed class Early : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.Alignment;

        protected override PromptPolicy? CreatePromptPolicy(DataContext context) => new();
    }

    private sealed class Namesake : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.Data;

        protected override IEnumerable<FinetuneExample> TransformExamples(IEnumerable<FinetuneExample> examples, DataContext context) => TransformExamples(examples, 3);

        private static IEnumerable<FinetuneExample> TransformExamples(IEnumerable<FinetuneExample> examples, int most) => examples.Take(most);
    }

    private sealed class NamesakeOnly : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.Data;

        public static IEnumerable<FinetuneExample> TransformExamples(int most) => [.. Enumerable.Range(0, most).Select(i => new FinetuneExample { Instruction = $"{i}" })];
    }

    private sealed class Empty : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.Data;

        protected override IEnumerable<FinetuneExample> TransformExamples(IEnumerable<FinetuneExample> examples, DataContext context) => [];
    }
}
