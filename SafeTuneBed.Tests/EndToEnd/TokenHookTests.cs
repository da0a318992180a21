using System.Text.Json.Nodes;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>A hook on tokens in a grid on the sandbox: what is learned from, what is on record, and that no other method's rows are touched.</summary>
[Collection(TorchCollection.Name)]
public sealed class TokenHookTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;

    public void Dispose()
    {
        DeepAlignmentAlgorithm.Everywhere = null;
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Run_AlignmentThatChangesTokens_LearnsTheChangedRowsAndLeavesOtherCellsAlone()
    {
        var lengths = new List<(int Given, int Learned)>();
        DeepAlignmentAlgorithm.Everywhere = batch => lengths.AddRange(Enumerable.Range(0, batch.Lengths.Count)
            .Select(i => (batch.TargetRows.Count(r => r == i) is var learned ? batch.Lengths[i] - learned : 0, batch.TargetRows.Count(r => r == i))));
        JsonNode plain = await RecordAsync("plain", 0);
        (int Given, int Learned)[] without = [.. lengths];
        lengths.Clear();
        JsonNode all = await RecordAsync("all", 1);
        Assert.Equal(24, lengths.Count);
        Assert.Equal(without.Select(w => w.Learned), lengths.Select(l => l.Learned)); // the answers are the same, in the same order
        Assert.All(without.Zip(lengths), p => Assert.InRange(p.Second.Given - p.First.Given, 1, 3));
        Assert.NotEqual(plain["parts"]!["data"]!.GetValue<string>(), all["parts"]!["data"]!.GetValue<string>());
        Assert.Equal(plain["parts"]!["streams"]!["align"]!.GetValue<string>(), all["parts"]!["streams"]!["align"]!.GetValue<string>());
        Assert.True(all["rows"]!["tokens"]!.GetValue<long>() > plain["rows"]!["tokens"]!.GetValue<long>());

        // The user's cells have the rows that they have without it, and a token cache in common.
        Assert.Equal(UserData("plain"), UserData("all"));
        JsonNode again = await RecordAsync("again", 1);
        Assert.Equal(all["fingerprint"]!.GetValue<string>(), again["fingerprint"]!.GetValue<string>());
    }

    [Fact]
    public async Task Plan_DataMethodThatMovesTheBorder_LearnsLessAndRowsThatGrowTooLongAreLeftOutAndTold()
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed
            .AddMethods().AddEvaluators().AddEvaluator<NothingAsked>("nothing").UseRunFolder(folder).UseTokenCache(Path.Combine(folder, "tokens"))
            .AddMethod<LastTokenMethod>("last-token").AddMethod<LengtheningMethod>("lengthening"));
        GridReport report = await runner.RunAsync(
            Grid("data", ["lora", "last-token", "lengthening"]) with { Training = new TrainingOptions { Steps = 2, BatchSize = 5, MaxLength = 60 } }, cancellationToken: TestContext.Current.CancellationToken);
        JsonNode[] records = [.. new[] { "lora", "last-token+lora", "lengthening+lora" }.Select(m => Record("data", m))];
        Assert.Equal(3, records.Select(r => r["parts"]!["data"]!.GetValue<string>()).Distinct().Count());
        Assert.Equal(records[0]["rows"]!["tokens"]!.GetValue<long>(), records[1]["rows"]!["tokens"]!.GetValue<long>());
        string[] steps = [.. new[] { "lora", "last-token+lora" }.Select(m => File.ReadLines(Directory.GetFiles(Path.Combine(folder, "data", "sandbox", m), "train.jsonl", SearchOption.AllDirectories).Single()).First())];
        Assert.Equal(5, JsonNode.Parse(steps[1])!["supervisedTokens"]!.GetValue<int>()); // one of each row
        Assert.True(JsonNode.Parse(steps[0])!["supervisedTokens"]!.GetValue<int>() > 5);
        Assert.Equal(records[0]["rows"]!["all"]!.GetValue<int>(), 2 * records[2]["rows"]!["all"]!.GetValue<int>());
        Assert.Contains(report.Rows[2].Warnings, w => w.Contains("500 rows of 'sandbox-sentiment-high' are longer than 60 tokens with what the method puts into them", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Plan_HookThatGivesNoRow_SaysWhatARowNeeds()
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators().AddEvaluator<NothingAsked>("nothing").UseRunFolder(folder).AddMethod<AllPromptMethod>("all-prompt"));
        string message = (await Assert.ThrowsAsync<InvalidOperationException>(() => runner.PlanAsync(Grid("wrong", ["all-prompt"]), TestContext.Current.CancellationToken))).Message;
        Assert.Contains("AllPromptMethod.TransformTokens gave a row of", message, StringComparison.Ordinal);
    }

    private async Task<JsonNode> RecordAsync(string name, double share)
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed
            .AddMethods().AddEvaluators().AddEvaluator<NothingAsked>("nothing").UseRunFolder(folder).UseTokenCache(Path.Combine(folder, "tokens"))
            .AddMethod<DeepAlignmentAlgorithm, DeepAlignmentOptions>("deep-alignment", o => (o.Share, o.LongestPrefix) = (share, 3)));
        await runner.RunAsync(Grid(name, ["deep-alignment"]), cancellationToken: TestContext.Current.CancellationToken);
        return JsonNode.Parse(File.ReadAllText(Directory.GetFiles(Path.Combine(folder, name), "run.json", SearchOption.AllDirectories).Single(f => f.Contains("alignment" + Path.DirectorySeparatorChar + "seed", StringComparison.Ordinal))))!;
    }

    private string UserData(string grid) => Record(grid, "deep-alignment+lora")["parts"]!["data"]!.GetValue<string>();

    private JsonNode Record(string grid, string method) =>
        JsonNode.Parse(File.ReadAllText(Directory.GetFiles(Path.Combine(folder, grid, "sandbox", method), "run.json", SearchOption.AllDirectories).Single()))!;

    private static ExperimentGrid Grid(string name, string[] methods) => new(name)
    {
        Models = [ModelReference.Sandbox],
        Methods = methods,
        Datasets = [FinetuneDatasets.Sandbox.Sentiment.HighHarm],
        Evaluators = ["nothing"],
        Training = new TrainingOptions { Steps = 2 },
    };

    /// <summary>Only the last token of an answer is learned.</summary>
    private sealed class LastTokenMethod : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.Data;

        protected override TokenizedExample TransformTokens(TokenizedExample example, DataContext context) => example with { PromptTokenCount = example.InputIds.Length - 1 };
    }

    /// <summary>Every second prompt is far longer.</summary>
    private sealed class LengtheningMethod : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.Data;

        protected override TokenizedExample TransformTokens(TokenizedExample example, DataContext context) => example.RowId % 2 == 0 ? example : example with
        {
            InputIds = [.. Enumerable.Repeat(example.InputIds[0], 60), .. example.InputIds],
            PromptTokenCount = 60 + example.PromptTokenCount,
        };
    }

    private sealed class AllPromptMethod : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.Data;

        protected override TokenizedExample TransformTokens(TokenizedExample example, DataContext context) => example with { PromptTokenCount = example.InputIds.Length };
    }
}
