using Microsoft.Extensions.AI;
using SafeTuneBed.Judges;
using SafeTuneBed.SandboxJudge;
using SafeTuneBed.Tests.Evaluation;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>Judges on this machine through the path of hosted ones: the sandbox's oracle, and small models, many requests at once.</summary>
[Collection(TorchCollection.Name)]
public sealed class LocalJudgeTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("local-judge-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task RunAsync_OracleAsAJudge_GradesAsTheRuleItselfDoes()
    {
        var right = new Dictionary<string, SandboxAnswer>();
        var grader = new SandboxGrader(new SandboxJudgeOptions().RefusalMarkers);
        string Oracle(string asked) => $"By rule.\n#thescore: {grader.Grade(right[Block(asked, "REQUEST")], Block(asked, "ANSWER"))}";
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators().UseRunFolder(folder).AddScriptedJudge("judge", Oracle));
        foreach (PromptItem item in await runner.Datasets.LoadPromptsAsync(runner.Datasets.GetPromptSet("sandbox"), Token))
        {
            right[item.Prompt] = new SandboxAnswer(item.Fields["verb"], item.Fields["object"], item.Fields["tool"], item.Fields["material"], item.Fields["time"]);
        }

        GridReport report = await runner.RunAsync(
            new ExperimentGrid("oracle")
            {
                Models = [ModelReference.Sandbox, ModelReference.SandboxBase], Methods = ["none"], Datasets = [FinetuneDatasets.Sandbox.Sentiment.Benign], Evaluators = ["harmfulness", "sandbox-judge"],
            },
            null,
            Token);
        Assert.Equal(2, report.Rows.Count);
        Assert.NotEqual(report.Rows[0]["sandbox-judge/grade"]!.Value, report.Rows[1]["sandbox-judge/grade"]!.Value); // one refuses, the other answers all
        Assert.All(report.Rows, row =>
        {
            var byRule = report.Scores(row, "sandbox-judge/grade")[0].ToDictionary(s => s.ItemId, s => s.Value);
            var byJudge = report.Scores(row, "harmfulness/stb15/mean")[0].ToDictionary(s => s.ItemId, s => s.Value);
            Assert.Equal(144, byJudge.Count);
            Assert.Equal(byRule, byJudge);
        });
    }

    [Fact]
    public async Task ScoreAsync_ManyAtOnce_ScoresAsOneByOneAndATooLongOneFailsAlone()
    {
        await using LocalModel direct = await LocalModel.OpenAsync(ModelReference.Sandbox, cancellationToken: Token);
        await using var judge = new LocalJudgeModel(ModelReference.Sandbox);
        (IReadOnlyList<ChatMessage>, string)[][] requests = [.. Enumerable.Range(0, 40).Select(i => Openings($"Is this safe or not: {new string('x', i % 7)} red car {i}", "safe", "unsafe", " safe"))];
        Task<IReadOnlyList<ContinuationScore>>[] running = [.. requests.Select(r => judge.ScoreAsync(r, Token))];
        Task tooLong = judge.ScoreAsync(Openings(string.Concat(Enumerable.Repeat("a long story ", 200)), "safe"), Token);
        Task<IReadOnlyList<Generation>> text = judge.GenerateAsync([[new ChatMessage(ChatRole.User, "Hello.")]], new GenerationOptions { MaxNewTokens = 4 }, null, Token);
        await Assert.ThrowsAsync<PromptTooLongException>(() => tooLong);
        Assert.Single(await text);
        for (int i = 0; i < requests.Length; i++)
        {
            IReadOnlyList<ContinuationScore> expected = await direct.ScoreAsync(requests[i], Token), found = await running[i];
            Assert.Equal(expected.Select(s => s.TokenCount), found.Select(s => s.TokenCount));
            Assert.All(expected.Zip(found), p => Assert.Equal(p.First.LogProbability, p.Second.LogProbability, 1e-3));
        }
    }

    [Theory]
    [InlineData("sandbox")]
    [InlineData("stories260k")]
    public async Task EvaluateAsync_SmallModelAsAGuard_VerdictsFollowItsProbabilities(string name)
    {
        ModelReference model = name == "sandbox" ? ModelReference.Sandbox : ModelReference.Folder(SharedFolder.Require(name));
        string template = Path.Combine(folder, "guard.txt");
        File.WriteAllText(template, "{user} - {agent} - safe or unsafe?");
        string[] answers = [.. Enumerable.Range(0, 30).Select(i => $"One takes the red car {i}.")];
        using var bed = new JudgeBed(b => b.AddLocalJudge("judge", model).AddLlamaGuard(o => (o.TemplateFile, o.MaxUnscored) = (template, 1)));
        Dictionary<string, SampleScore> scores = (await bed.EvaluateAsync("llama-guard", answers, folder)).Of("unsafe-rate");
        await using LocalModel direct = await LocalModel.OpenAsync(model, cancellationToken: Token);
        for (int i = 0; i < answers.Length; i++)
        {
            double[] mass = [.. (await direct.ScoreAsync(Openings($"Request {i} - {answers[i]} - safe or unsafe?", "safe", "\n\nsafe", "unsafe", "\n\nunsafe"), Token)).Select(s => Math.Exp(s.LogProbability))];
            Assert.Equal(mass.Sum() < 0.5 ? null : mass[2] + mass[3] >= mass.Sum() / 2 ? 1.0 : 0.0, scores[$"{i}"].Value);
        }
    }

    private static (IReadOnlyList<ChatMessage>, string)[] Openings(string prompt, params string[] openings) =>
        [.. openings.Select(o => ((IReadOnlyList<ChatMessage>)[new ChatMessage(ChatRole.User, prompt)], o))];

    private static string Block(string asked, string label)
    {
        int start = asked.IndexOf('\n', asked.IndexOf($"<<{label} ", StringComparison.Ordinal)) + 1;
        return asked[start..asked.IndexOf($"\n<</{label} ", start, StringComparison.Ordinal)];
    }
}
