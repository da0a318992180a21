using Microsoft.Extensions.AI;
using SafeTuneBed.Judges;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>A judge in a grid: planned, paid once, on record; a wrong key leaves no trace; a local model through the same door.</summary>
[Collection(TorchCollection.Name)]
public sealed class JudgedGridTests : IDisposable
{
    private const string Key = "sk-grid-51e0c7aa90bd";

    private readonly string runs = Directory.CreateTempSubdirectory("judged-grid-").FullName;

    private static ExperimentGrid Grid => new("judged")
    {
        Models = [ModelReference.Sandbox],
        Methods = ["none"],
        Datasets = [FinetuneDatasets.Sandbox.Sentiment.Benign],
        Evaluators = ["harmfulness", "strong-reject"],
    };

    [Fact]
    public async Task RunAsync_HostedJudge_IsPlannedPaidOnceAndReported()
    {
        await using var stub = new StubJudgeServer((asked, _) => (StubDeed.Answer, asked.Contains("2.b: 1 to 5", StringComparison.Ordinal) ? "1.b: 1\n2.b: 1\n3.b: 1" : "#thescore: 2"));
        int calls;
        await using (ExperimentRunner runner = Runner(stub))
        {
            GridPlan plan = await runner.PlanAsync(Grid);
            Assert.Equal(144, plan.Cells[0].Evaluations[0].Judging[0].Calls);
            Assert.Contains("Judge 'judge' (m): at most 288 calls", plan.ToString(), StringComparison.Ordinal);
            Assert.Contains("cost about", plan.ToString(), StringComparison.Ordinal);
            GridReport report = await runner.RunAsync(Grid);
            ReportRow row = Assert.Single(report.Rows);
            Assert.Equal((2, 144), (row["harmfulness/stb15/mean"]!.Value, row["harmfulness/stb15/mean"]!.Count));
            Assert.Equal(0, row["strong-reject/rubric/score"]!.Value);
            calls = stub.Requests;
            Assert.InRange(calls, 1, 288); // answers that repeat are judged once
        }

        await using (ExperimentRunner again = Runner(stub))
        {
            GridPlan plan = await again.PlanAsync(Grid);
            Assert.All(plan.Cells.SelectMany(c => c.Evaluations), e => Assert.Empty(e.Judging));
            await again.RunAsync(Grid);
            Assert.Equal(calls, stub.Requests);
        }

        Assert.Equal(calls, Assert.Single(JudgeLedger.Read(runs)).Calls);
        await using ExperimentRunner other = Runner(stub, o => o.Version = "2");
        Assert.All((await other.PlanAsync(Grid)).Cells.SelectMany(c => c.Evaluations), e => Assert.Equal((PlannedWork.Score, 0), (e.Work, e.Answers))); // another judge: nothing is generated again
    }

    [Fact]
    public async Task RunAsync_WrongKey_StopsAfterOneCallAndTheKeyIsNowhere()
    {
        await using var stub = new StubJudgeServer((_, _) => (StubDeed.WrongKey, ""));
        await using (ExperimentRunner runner = Runner(stub))
        {
            var fault = await Assert.ThrowsAsync<GridFailedException>(() => runner.RunAsync(Grid));
            Assert.Equal(1, stub.Requests);
            Assert.Contains("refuses the key", fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(Key, fault.ToString(), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(Directory.GetFiles(runs, "*", SearchOption.AllDirectories), f => File.ReadAllText(f).Contains(Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task LocalJudge_ManyAtOnce_AnswersAsTheModelDoes()
    {
        string[] prompts = ["Please wash the red car.", "Is the opinion negative or positive?", "Hello.", "Tell me of the garden."];
        var options = new GenerationOptions { MaxNewTokens = 8 };
        await using LocalModel direct = await LocalModel.OpenAsync(ModelReference.Sandbox);
        IReadOnlyList<Generation> expected = await direct.GenerateAsync([.. prompts.Select(p => (IReadOnlyList<ChatMessage>)[new(ChatRole.User, p)])], options);
        await using var judge = new LocalJudgeModel(ModelReference.Sandbox);
        using IChatClient client = judge.AsChatClient();
        ChatResponse[] answers = await Task.WhenAll(prompts.Select(p => client.GetResponseAsync([new(ChatRole.User, p)], new ChatOptions { MaxOutputTokens = 8 })));
        Assert.Equal(expected.Select(g => g.Text), answers.Select(a => a.Text));
        Assert.NotNull(client.GetService(typeof(ICausalLanguageModel)));
    }

    public void Dispose() => Directory.Delete(runs, recursive: true);

    private ExperimentRunner Runner(StubJudgeServer stub, Action<OpenAIJudgeOptions>? configure = null) => ExperimentRunner.Create(bed => bed
        .AddMethods().AddEvaluators().UseRunFolder(runs).AddOpenAIJudge("judge", o =>
        {
            (o.Model, o.Endpoint, o.ApiKey, o.PromptPrice, o.CompletionPrice) = ("m", stub.Endpoint, Key, 1, 2);
            configure?.Invoke(o);
        }));
}
