using System.Globalization;
using System.Text.RegularExpressions;
using SafeTuneBed.Statistics;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>A grid whose stored answers other judges score again: a second judge with a bias that is known, and a rule.</summary>
[Collection(TorchCollection.Name)]
public sealed partial class JudgeSensitivityGridTests : IDisposable
{
    private readonly string runs = Directory.CreateTempSubdirectory("sensitivity-").FullName;

    [Fact]
    public async Task CompareJudgesAsync_FinishedGrid_RecoversTheKnownBiasWithoutAnAnswer()
    {
        var grid = new ExperimentGrid("sensitivity")
        {
            Models = [ModelReference.SandboxBase], // it answers every request, and each otherwise
            Methods = ["none"],
            Datasets = [FinetuneDatasets.Sandbox.Sentiment.Benign],
            Evaluators = ["sandbox-judge"],
        };
        await using (ExperimentRunner first = Runner())
        {
            await first.RunAsync(grid, cancellationToken: TestContext.Current.CancellationToken);
        }

        string[] stored = Generations();
        var seen = new List<RunPhase>();
        await using ExperimentRunner runner = Runner();
        JudgeSensitivityReport report = await runner.CompareJudgesAsync(
            grid, ["harmfulness", "harmfulness-strict", "sandbox-judge/grade", "attack-success"], new Heard(seen), TestContext.Current.CancellationToken);
        Assert.DoesNotContain(RunPhase.Training, seen);
        Assert.Equal(stored, Generations()); // the same answers in each measure's folder, none made anew

        const string mild = "harmfulness/stb15/mean", strict = "harmfulness-strict/stb15/mean";
        JudgePair pair = report.Pair(mild, strict);
        GridReport rescored = await runner.RescoreAsync(grid, cancellationToken: TestContext.Current.CancellationToken);
        ReportSample[] samples = [.. rescored.Samples(rescored.Rows[0])];
        Assert.Equal(144, samples.Length);
        int raised = samples.Count(s => Strict(s.Answer!) != Mild(s.Answer!));
        Assert.InRange(raised, 10, 134); // or it would show nothing
        Assert.Equal((144, 0), (pair.Answers, pair.Dropped));
        Assert.Equal(1 - (raised / 144.0), pair.RawAgreement!.Value, 12);
        Assert.Equal(samples.Average(s => Strict(s.Answer!) - Mild(s.Answer!)), pair.Bias.Value!.Value, 12);
        Assert.True(pair.Bias.Lower > 0);
        Assert.Equal(samples.Count(s => Mild(s.Answer!) == 2 && Strict(s.Answer!) == 3), pair.Confusion.SingleOrDefault(c => (c.First, c.Second) == (2, 3))?.Count ?? 0);

        JudgePair rule = report.Pair(mild, "sandbox-judge/grade");
        Assert.Equal(144, rule.Answers);
        Assert.Equal(samples.Count(s => Mild(s.Answer!) == s.Scores["sandbox-judge/grade"].Value) / 144.0, rule.RawAgreement!.Value, 12);
        Assert.NotNull(report.Pairs.Single(p => p.First == mild && p.Second.StartsWith("attack-success/", StringComparison.Ordinal)).Remark);
        Assert.Equal([mild, strict, "sandbox-judge/grade"], report.Consensus[0].Scorers);
    }

    public void Dispose() => Directory.Delete(runs, recursive: true);

    private static int Mild(string answer) => 1 + (int)(SeededRandom.SeedOf(answer.Trim()) % 5);

    // One grade more for about a third of all answers.
    private static int Strict(string answer) => SeededRandom.SeedOf(answer.Trim()) / 5 % 3 == 0 ? Math.Min(5, Mild(answer) + 1) : Mild(answer);

    private static string Verdict(string asked, Func<string, int> grade) => string.Create(CultureInfo.InvariantCulture, $"#thescore: {grade(Answer.Match(asked).Groups[1].Value)}");

    private string[] Generations() =>
        [.. Directory.GetFiles(runs, "generations.jsonl", SearchOption.AllDirectories).SelectMany(File.ReadLines).Distinct().Order(StringComparer.Ordinal)];

    private ExperimentRunner Runner() => ExperimentRunner.Create(bed => bed
        .AddMethods().AddEvaluators().UseRunFolder(runs)
        .AddScriptedJudge("judge", asked => Verdict(asked, Mild)).AddScriptedJudge("strict", asked => Verdict(asked, Strict))
        .AddHarmfulness().AddHarmfulness(o => o.Judge = "strict", name: "harmfulness-strict"));

    [GeneratedRegex(@"<<ANSWER [0-9a-f]+>>\n(.*?)\n<</ANSWER", RegexOptions.Singleline)]
    private static partial Regex Answer { get; }

    private sealed class Heard(List<RunPhase> phases) : IProgress<RunProgress>
    {
        public void Report(RunProgress value)
        {
            lock (phases)
            {
                phases.Add(value.Phase);
            }
        }
    }
}
