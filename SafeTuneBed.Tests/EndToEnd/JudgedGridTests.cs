using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SafeTuneBed.Judges;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>A judge in a grid: planned, paid once, on record; a wrong key leaves no trace; a local model through the same door.</summary>
[Collection(TorchCollection.Name)]
public sealed class JudgedGridTests : IDisposable
{
    private const string Key = "sk-grid-51e0c7aa90bd", KeyVariable = "SAFETUNEBED_TEST_JUDGE_KEY";

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
    public async Task RunAsync_WrongKeyInAProcessOfItsOwn_OneCallAndTheKeyIsInNoFileAndNoOutput()
    {
        await using FaultyJudgeProcess judge = await FaultyJudgeProcess.StartAsync(Path.Combine(runs, "calls.jsonl"), seed: 1, share: 0, key: "sk-the-right-one");
        string folder = Path.Combine(runs, "child");
        var (_, output) = await ChildTest.RunAsync(
            typeof(JudgedGridTests), nameof(Child_HasTheWrongKeyAndPrintsAllItHas), new() { [KeyVariable] = Key, ["JUDGE_FOLDER"] = folder, ["JUDGE_ENDPOINT"] = judge.Endpoint.ToString() }, TimeSpan.FromMinutes(2));
        Assert.Equal(SafeTuneBed.FaultyJudge.Deed.WrongKey, Assert.Single(judge.Calls).Deed);
        Assert.Contains("status 401", output, StringComparison.Ordinal);
        Assert.Contains("stopped as it should", output, StringComparison.Ordinal);
        string[] files = Directory.GetFiles(folder, "*", SearchOption.AllDirectories);
        Assert.Contains(files, f => Path.GetFileName(f) == "run.json");
        Assert.Contains(files, f => Path.GetFileName(f).StartsWith("calls-", StringComparison.Ordinal));
        foreach (string form in new[] { Key, Key[3..], Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Key)), Uri.EscapeDataString(Key) })
        {
            Assert.DoesNotContain(form, output, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(files, f => f.Contains(form, StringComparison.OrdinalIgnoreCase) || System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(f)).Contains(form, StringComparison.OrdinalIgnoreCase));
        }
    }

    /// <summary>What a child process does: plans and runs with a key from its environment, and prints logs to the last detail, progress, plan, notes and the whole exception.</summary>
    [Fact(Explicit = true)]
    public async Task Child_HasTheWrongKeyAndPrintsAllItHas()
    {
        string folder = Environment.GetEnvironmentVariable("JUDGE_FOLDER")!;
        await using ExperimentRunner runner = ExperimentRunner.Create(bed =>
        {
            bed.AddMethods().AddEvaluators().UseRunFolder(folder).AddOpenAIJudge("judge", o => (o.Model, o.Endpoint, o.KeyVariable) = ("m", new Uri(Environment.GetEnvironmentVariable("JUDGE_ENDPOINT")!), KeyVariable));
            bed.Services.AddSingleton<ILoggerFactory>(new PrintingLoggers());
        });
        Console.WriteLine(await runner.PlanAsync(Grid));
        try
        {
            await runner.RunAsync(Grid, new Progress<RunProgress>(p => Console.WriteLine(p)));
        }
        catch (GridFailedException fault)
        {
            for (Exception? e = fault; e is not null; e = e.InnerException)
            {
                Console.WriteLine($"{e} {string.Join(", ", e.Data.Keys.Cast<object>())}");
            }

            Console.WriteLine(string.Join("\n", fault.Report.Notes));
            Console.WriteLine("stopped as it should");
        }
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
