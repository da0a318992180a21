using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

public sealed class GridCheckTests : IDisposable
{
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    public static TheoryData<string, string[]> Faults => new()
    {
        { "unknown method", ["There is no method 'lroa'. Did you mean 'lora'? Known: none, lora."] },
        { "unknown evaluator", ["There is no evaluator 'word-rat' (entry 'word-rat@advbench'). Did you mean 'word-rate'?"] },
        { "unknown data set", ["There is no data set 'task-hihg'. Did you mean 'task-high'?"] },
        { "unknown prompt set", ["There is no prompt set 'advbnch' (entry 'word-rate@advbnch'). Did you mean 'advbench'?"] },
        { "no prompts", ["'word-rate' needs prompts, and the model 'llama' has no default set. Write 'word-rate@<promptset>'; known sets: sandbox, advbench."] },
        { "prompts not asked", ["'task-rate' takes no prompt set, but the entry 'task-rate@advbench' names one."] },
        { "empty", ["Models is empty.", "Methods is empty.", "Datasets is empty.", "Evaluators is empty.", "Seeds is empty."] },
        { "duplicates", ["the method 'lora' twice", "the data set 'task-high' twice", "the evaluator 'task-rate' twice", "the seed '1' twice", "the model 'sandbox' twice"] },
        { "one evaluation twice", ["'word-rate' and 'word-rate@sandbox' mean the same for model 'sandbox'"] },
        { "baseline", ["The baseline 'lisa' is not among the grid's methods (none, lora)."] },
        { "licence", ["needs AcceptLicenses"] },
        { "ratio without source", ["'task-odd' asks for poison but names no harmful source"] },
        { "negative ratio", ["'task-odd' has the poison ratio -0.1. Use a share from 0 to 1."] },
        { "no evaluation rows", ["'task-rate' asks the data set's evaluation rows, and 'task-odd' has none"] },
        { "range", ["the grid's Training are not valid", "LearningRate", "(it is -1)", "the grid's Lora", "Rank"] },
        { "shortage", ["Corpus 'task' has 1000 eligible records, but 5000 are needed. Lower Count."] },
        { "model", ["missing-model: the folder does not exist."] },
        { "many", ["There is no method 'lroa'", "There is no data set 'x'", "The baseline 'lisa'", "(3)"] },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Run_FaultyGrid_ListsEveryFaultAndStartsNothing(string fault, string[] expected)
    {
        FinetuneDatasetConfig odd = FakeData.Dataset("task-odd");
        ExperimentGrid good = FakeBed.Grid();
        ExperimentGrid grid = fault switch
        {
            "unknown method" => good with { Methods = ["none", "lora", "lroa"] },
            "unknown evaluator" => good with { Evaluators = ["word-rat@advbench"] },
            "unknown data set" => good with { Datasets = ["task-hihg"] },
            "unknown prompt set" => good with { Evaluators = ["word-rate@advbnch"] },
            "no prompts" => good with { Models = ["/models/llama"] },
            "prompts not asked" => good with { Evaluators = ["task-rate@advbench"] },
            "empty" => new ExperimentGrid("empty") { Seeds = [] },
            "duplicates" => good with
            {
                Models = ["sandbox", ModelReference.Folder("/models/x") with { Name = "sandbox" }],
                Methods = ["lora", "lora"],
                Datasets = ["task-high", FakeData.Dataset("task-high", 0.3m)],
                Evaluators = ["task-rate", "task-rate"],
                Seeds = [1, 1],
            },
            "one evaluation twice" => good with { Evaluators = ["word-rate", "word-rate@sandbox"] },
            "baseline" => good with { Baseline = "lisa" },
            "licence" => good with { Datasets = [FakeData.Dataset("licensed-x")] },
            "ratio without source" => good with { Datasets = [odd with { PoisonRatio = 0.1m }] },
            "negative ratio" => good with { Datasets = [odd with { PoisonRatio = -0.1m }] },
            "no evaluation rows" => good with { Datasets = [odd with { Evaluation = null }] },
            "range" => good with { Training = new() { LearningRate = -1 }, Lora = new() { Rank = 0 } },
            "shortage" => good with { Datasets = [odd with { Count = 5000 }] },
            "model" => good with { Models = [ModelReference.Folder("missing-model") with { Name = "m" }], Evaluators = ["task-rate"] },
            _ => good with { Methods = ["none", "lroa"], Datasets = ["x"], Baseline = "lisa" },
        };
        await using ExperimentRunner runner = bed.Runner();

        GridPlan plan = await runner.PlanAsync(grid);
        Exception thrown = await Assert.ThrowsAnyAsync<SafeTuneBedException>(() => runner.RunAsync(grid));

        Assert.False(plan.CanRun);
        foreach (string text in expected)
        {
            if (text != "(3)")
            {
                Assert.Contains(plan.Problems, p => p.Contains(text, StringComparison.Ordinal));
            }

            Assert.Contains(text, thrown.Message, StringComparison.Ordinal);
        }

        Assert.Contains("Problem: ", plan.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, bed.Models.Preflights);
        Assert.Equal(0, bed.Models.Workers);
        Assert.Empty(Directory.GetFileSystemEntries(bed.Folder));
    }

    [Theory]
    [InlineData("shortage", typeof(InsufficientRecordsException))]
    [InlineData("licence", typeof(LicenseNotAcceptedException))]
    [InlineData("model", typeof(ModelFormatException))]
    public async Task Run_OneTypedFault_IsThrownAsItself(string fault, Type type)
    {
        ExperimentGrid good = FakeBed.Grid();
        ExperimentGrid grid = fault switch
        {
            "shortage" => good with { Datasets = [FakeData.Dataset("task-odd") with { Count = 5000 }] },
            "licence" => good with { Datasets = [FakeData.Dataset("licensed-x")] },
            _ => good with { Models = ["missing-model"], Evaluators = ["task-rate"] },
        };
        await using ExperimentRunner runner = bed.Runner();

        Assert.IsType(type, await Assert.ThrowsAnyAsync<SafeTuneBedException>(() => runner.RunAsync(grid)));
    }

    [Fact]
    public async Task Plan_GoodGrid_ShowsRowsStepsAndWork()
    {
        await using ExperimentRunner runner = bed.Runner(b => b.ConfigureTraining(t => t.BatchSize = 5));
        ExperimentGrid grid = FakeBed.Grid() with { Seeds = [7] };
        GridPlan fresh = await runner.PlanAsync(grid);

        Assert.Empty(fresh.Problems);
        Assert.Equal(4, fresh.Cells.Count);
        PlannedCell high = fresh.Cells.Single(c => c.Method == "lora" && c.Dataset == "task-high");
        Assert.Equal((14, 6, 60L, 4, PlannedWork.Run), (high.BenignRows, high.HarmfulRows, high.Tokens, high.Steps, high.Training)); // 20 rows in batches of 5
        Assert.Equal([new PlannedEvaluation("word-rate", 10, PlannedWork.Run, 10) { MaxNewTokens = 24 }, new PlannedEvaluation("task-rate", 5, PlannedWork.Run, 5) { MaxNewTokens = 512 }], high.Evaluations);
        Assert.Equal(8, fresh.RemainingSteps);
        Assert.Equal(0, bed.Models.Workers);
        Assert.Empty(Directory.GetFileSystemEntries(bed.Folder));

        await runner.RunAsync(grid);
        GridPlan done = await runner.PlanAsync(grid);

        Assert.All(done.Cells, c => Assert.True(c.IsDone));
        Assert.Equal(0, done.RemainingSteps);
        string[] lines = done.ToString().Split('\n');
        Assert.Contains(lines, l => System.Text.RegularExpressions.Regex.IsMatch(l, @"^sandbox +lora +task-high +chat +7 +14 +6 +60 +4 +done +10 done +5 done$"));
        Assert.Contains(lines, l => l.StartsWith("To do: 0 of 4 cells, 0 optimizer steps", StringComparison.Ordinal));

        File.Delete(bed.Files("metrics.json")[0]);
        Assert.Equal(1, (await runner.PlanAsync(grid)).Cells.SelectMany(c => c.Evaluations).Count(e => e.Work == PlannedWork.Score));
    }

    [Theory]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("", "abc", 3)]
    [InlineData("lora", "lora", 0)]
    [InlineData("flaw", "lawn", 2)]
    public void Distance_KnownPairs_IsLevenshtein(string a, string b, int distance)
    {
        Assert.Equal(distance, NearestName.Distance(a, b));
        Assert.Equal(distance, NearestName.Distance(b, a));
    }

    [Fact]
    public void Find_NothingNear_GivesNothing() => Assert.Null(NearestName.Find("qqqqqq", ["lora", "none"]));
}
