using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>What used to fail after hours of training, and is known before.</summary>
public sealed class PlanFaultTests : IDisposable
{
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task Plan_TargetThatMatchesNothing_NamesItMethodModelAndWhatThereIs()
    {
        bed.Models.LinearPaths = ["model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj", "model.layers.0.mlp.up_proj"];
        await using ExperimentRunner runner = bed.Runner();
        ExperimentGrid grid = FakeBed.Grid() with { Lora = new() { TargetModules = ["q_proj", "query"] } };

        string problem = Assert.Single((await runner.PlanAsync(grid)).Problems);

        Assert.Equal("Method 'lora' on model 'sandbox': LoRA does not fit this model: the target module 'query' matches nothing. Its linear layers are called q_proj, v_proj, up_proj, lm_head, in full such as model.layers.0.self_attn.q_proj.", problem);
        Assert.Empty((await runner.PlanAsync(grid with { Lora = new() { TargetModules = ["mlp.up_proj", "query"] }, Methods = ["none"], Baseline = null })).Problems); // nothing is trained
        Assert.Empty((await runner.PlanAsync(grid with { Lora = new() { TargetModules = ["all-linear"] } })).Problems);
        Assert.Contains("all-linear", Assert.Single((await runner.PlanAsync(grid with { Lora = new() { TargetModules = ["all-linear", "q_proj"] } })).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_TargetsInAnotherOrder_TrainNothingAgain()
    {
        await using ExperimentRunner runner = bed.Runner();
        ExperimentGrid grid = FakeBed.Grid("lora") with { Lora = new() { TargetModules = ["v_proj", "q_proj"] } };
        await runner.RunAsync(grid);
        bed.Models.Reset();

        await runner.RunAsync(grid with { Lora = new() { TargetModules = ["q_proj", "v_proj", "q_proj"] } });
        Assert.Empty(bed.Models.Trained);

        await runner.RunAsync(grid with { Lora = new() { TargetModules = ["q_proj", "k_proj"] } });
        Assert.Equal(6, bed.Models.Trained.Count);
    }

    [Theory]
    [InlineData(19, "gives the id 19 (", "in the training rows of 'task-high'", "has 19 rows (ids 0 to 18)")] // a row's ids run to 19
    [InlineData(90, "gives the id 97 ('a')", "in the template 'chat'", "has 90 rows")]
    [InlineData(110, "gives the id 120 ('x')", "in the evaluation prompts", "has 110 rows")] // "Do 3 of sandbox"
    public async Task Plan_IdThatTheModelLacks_IsNamedWithItsPlace(int vocabulary, params string[] texts)
    {
        bed.Models.VocabularySize = vocabulary;
        await using ExperimentRunner runner = bed.Runner();
        ExperimentGrid grid = FakeBed.Grid("lora") with { Datasets = ["task-high"], Seeds = [0] };

        string problem = Assert.Single((await runner.PlanAsync(grid)).Problems);

        Assert.All(texts, t => Assert.Contains(t, problem, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Plan_TokenizerLargerThanTheModelWithoutHarm_IsAWarning()
    {
        bed.Models.VocabularySize = 200;
        await using ExperimentRunner runner = bed.Runner();
        GridPlan plan = await runner.PlanAsync(FakeBed.Grid());

        Assert.True(plan.CanRun);
        Assert.Contains("ids up to 65535, but the model's embedding ends at 199", Assert.Single(plan.Warnings), StringComparison.Ordinal);
        Assert.Contains("Warning: The tokenizer of 'sandbox'", plan.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_RunFolderBelowAFile_IsAProblemWithPathAndRemedy()
    {
        string file = Path.Combine(bed.Folder, "notes.txt");
        File.WriteAllText(file, "");
        await using ExperimentRunner runner = bed.Runner(b => b.UseRunFolder(Path.Combine(file, "runs")));

        GridPlan plan = await runner.PlanAsync(FakeBed.Grid());
        var thrown = await Assert.ThrowsAsync<ConfigurationException>(() => runner.RunAsync(FakeBed.Grid()));

        Assert.False(plan.CanRun);
        Assert.Equal(8, plan.Cells.Count);
        Assert.Equal(thrown.Message, Assert.Single(plan.Problems));
        Assert.Contains(Path.Combine(file, "runs", "grid-1"), thrown.Message, StringComparison.Ordinal);
        Assert.Contains($"{file} is a file.", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("UseRunFolder", thrown.Message, StringComparison.Ordinal);
        Assert.Empty(bed.Models.Trained);
    }

    [Fact]
    public void RunFolder_ThatDoesNotExistYet_IsTriedWithoutLeavingAnything()
    {
        Assert.Null(RunFolder.FindFault(Path.Combine(bed.Folder, "a", "b")));
        Assert.Empty(Directory.GetFileSystemEntries(bed.Folder));
    }

    [Fact]
    public void RunFolder_WithoutPermission_IsAFault()
    {
        Assert.SkipWhen(Environment.UserName == "root", "Whoever is root may write everywhere.");
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Permissions are set otherwise there.");
            return;
        }

        File.SetUnixFileMode(bed.Folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            Assert.Contains("UseRunFolder", RunFolder.FindFault(bed.Folder)!.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.SetUnixFileMode(bed.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public async Task Plan_ModelWithARevision_IsRefused()
    {
        await using ExperimentRunner runner = bed.Runner();
        ModelReference model = ModelReference.Sandbox with { Revision = "main" };
        string message = (await Assert.ThrowsAsync<ConfigurationException>(() => runner.RunAsync(FakeBed.Grid() with { Models = [model] }))).Message;
        Assert.Contains("names the revision 'main', but nothing is downloaded", message, StringComparison.Ordinal);
        Assert.Contains("revision 'main'", (await Assert.ThrowsAsync<ConfigurationException>(() => runner.EvaluateAsync([ArtifactReference.Untouched(model)], ["word-rate"]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_CompanionsThatNoMethodNeeds_ChangeNothing()
    {
        await using ExperimentRunner runner = bed.Runner();
        await runner.RunAsync(FakeBed.Grid());
        bed.Models.Reset();

        await runner.RunAsync(FakeBed.Grid() with { Models = [ModelReference.Sandbox with { Base = ModelReference.Folder("missing-base"), Unaligned = "missing", SafeAdapter = "missing" }] });

        Assert.Empty(bed.Models.Trained);
        Assert.Empty(bed.Models.Generated);
    }

    [Fact]
    public async Task Evaluate_NullArtifact_IsAnArgumentFault()
    {
        await using ExperimentRunner runner = bed.Runner();
        await Assert.ThrowsAsync<ArgumentException>(() => runner.EvaluateAsync([null!], ["word-rate"]));
    }

    [Fact]
    public async Task Plan_EvaluatorWhoseItemsCanNotBeMade_IsAProblemBeforeTraining()
    {
        await using ExperimentRunner runner = bed.Runner(b => b.AddEvaluator<Fragile>("fragile"));
        GridPlan plan = await runner.PlanAsync(FakeBed.Grid() with { Evaluators = ["fragile"] });

        Assert.Equal(["The evaluator entry 'fragile' can't make its items: the file of shots is gone"], plan.Problems);
    }

    [Fact]
    public async Task Plan_EvaluatorWhoseItemsDependOnTheModel_IsLeftToTheRun()
    {
        await using ExperimentRunner runner = bed.Runner(b => b.AddEvaluator<SelfAsking>("self-asking"));
        ExperimentGrid grid = FakeBed.Grid("none") with { Baseline = null, Evaluators = ["self-asking"], Datasets = ["task-high"] };
        GridPlan plan = await runner.PlanAsync(grid);

        Assert.Empty(plan.Problems);
        Assert.Equal(PlannedWork.Run, plan.Cells[0].Evaluations[0].Work);
        Assert.Equal(1, (await runner.RunAsync(grid)).Rows[0].Metrics[0].Count);
    }

    private abstract class OneItem : PromptEvaluator<PromptItem>
    {
        protected static readonly MetricDefinition Rate = MetricDefinition.Proportion("rate", 1, Direction.LowerIsBetter);

        public override EvaluatorNeeds Needs => EvaluatorNeeds.None;

        public override IReadOnlyList<MetricDefinition> Metrics => [Rate];

        protected override IReadOnlyList<Microsoft.Extensions.AI.ChatMessage> CreatePrompt(PromptItem item) => [new(Microsoft.Extensions.AI.ChatRole.User, item.Prompt)];

        protected override IEnumerable<SampleScore> Score(PromptItem item, Generation answer) => [Rate.Score(true)];
    }

    private sealed class Fragile : OneItem
    {
        protected override IAsyncEnumerable<PromptItem> LoadItemsAsync(EvaluationContext context, CancellationToken cancellationToken) => throw new FileNotFoundException("the file of shots is gone");
    }

    private sealed class SelfAsking : OneItem
    {
        protected override async IAsyncEnumerable<PromptItem> LoadItemsAsync(EvaluationContext context, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            IReadOnlyList<Generation> asked = await context.Model.GenerateAsync([[new(Microsoft.Extensions.AI.ChatRole.User, "Ask something.")]], new GenerationOptions(), null, cancellationToken);
            yield return new PromptItem { Id = "own", Prompt = asked[0].Text };
        }
    }
}
