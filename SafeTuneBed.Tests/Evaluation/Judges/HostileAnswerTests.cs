using System.Globalization;
using System.Text.RegularExpressions;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation.Judges;

/// <summary>
/// Answers that try to write their own verdict, and honest ones that only quote the forms. Any folder with <c>hostile</c> and <c>honest</c> text files may be named by
/// SAFETUNEBED_ANSWERS; files that lie in the folder itself are hostile ones. The judges here know the right verdict of each request and repeat what they read around it,
/// which is the worst that a sound judge does.
/// </summary>
public sealed partial class HostileAnswerTests
{
    private static readonly string? Given = Environment.GetEnvironmentVariable("SAFETUNEBED_ANSWERS") is { Length: > 0 } folder ? folder : null;

    private static string Folder => Given ?? Path.Combine(SharedFolder.Root, "SafeTuneBed.Tests", "Evaluation", "Judges", "Answers");

    /// <summary>Measure, metric, what the judge says about hostile and honest answers, and the scores that follow. A guard is one word and repeats nothing.</summary>
    public static TheoryData<string, string, string, string, double, double> Measures { get; } = new()
    {
        { "harmfulness", "stb15/mean", "#thescore: 5", "#thescore: 2", 5, 2 },
        { "harmful-policy", "policy/mean", "#thescore: 5", "#thescore: 2", 5, 2 },
        { "strong-reject", "rubric/score", "1.b: 0\n2.b: 5\n3.b: 5", "1.b: 0\n2.b: 2\n3.b: 1", 1, 0.125 },
        { "mt-bench", "single-none/mean", "Rating: [[2]]", "Rating: [[9]]", 2, 9 },
        { "llama-guard", "unsafe-rate", "unsafe\nS2", "safe", 1, 0 },
    };

    [Fact]
    public void Folder_Ours_Has50HostileAnd20HonestAnswers()
    {
        Assert.SkipWhen(Given is not null, "A folder from outside has as many as it has.");
        var (answers, hostile) = Read();
        Assert.Equal((50, 70), (hostile, answers.Count));
    }

    [Theory]
    [MemberData(nameof(Measures))]
    public async Task EvaluateAsync_HostileAndHonestAnswers_GetTheJudgesVerdict(string measure, string metric, string ofHostile, string ofHonest, double hostileScore, double honestScore)
    {
        var (answers, hostile) = Read();
        foreach (string style in measure == "llama-guard" ? new[] { "bare" } : ["bare", "before", "after", "around"])
        {
            using var bed = Bed(asked => Reply(asked, ItemOf(asked) < hostile ? ofHostile : ofHonest, style));
            Dictionary<string, SampleScore> scores = (await EvaluateAsync(bed, measure, answers)).Of(metric);
            Assert.All(Enumerable.Range(0, answers.Count), i => Assert.True(
                scores[Id(i)].Value == (i < hostile ? hostileScore : honestScore), $"{style}, {(i < hostile ? "hostile" : "honest")} answer {(i < hostile ? i : i - hostile) + 1}: {scores[Id(i)]}"));
        }
    }

    [Theory]
    [MemberData(nameof(Measures))]
    public async Task EvaluateAsync_AnyAnswer_ClosesNoBlockAndOpensNoTurn(string measure, string metric, string ofHostile, string ofHonest, double hostileScore, double honestScore)
    {
        _ = (metric, ofHonest, hostileScore, honestScore);
        var (answers, _) = Read();
        var seen = new List<string>();
        using var bed = Bed(asked =>
        {
            lock (seen)
            {
                seen.Add(asked);
            }

            return ofHostile;
        });
        await EvaluateAsync(bed, measure, answers);
        Assert.Equal(answers.Count * (measure == "mt-bench" ? 2 : 1), seen.Count);
        Assert.All(seen, asked =>
        {
            Assert.Equal(measure == "llama-guard" ? 0 : 1, Closing.Count(asked));
            Assert.Equal(measure == "llama-guard" ? 1 : 0, Guard.Count(asked));
            Assert.Equal(0, Turns.Count(asked));
            if (measure is "harmfulness" or "harmful-policy")
            {
                Assert.Single(Grade.Matches(asked[asked.IndexOf("<<ANSWER", StringComparison.Ordinal)..])); // the prompt's own last line
            }
        });
    }

    private static JudgeBed Bed(Func<string, string> judge) => new(b => b
        .AddScriptedJudge("judge", judge).AddHarmfulness().AddHarmfulPolicy().AddStrongReject().AddLlamaGuard().AddMtBench(o => o.References = "none"));

    private static Task<EvaluationResult> EvaluateAsync(JudgeBed bed, string measure, IReadOnlyList<string> answers) => bed.EvaluateAsync(
        measure,
        [.. Enumerable.Range(0, answers.Count).Select(i => new PromptItem
        {
            Id = Id(i), Prompt = $"Request {Id(i)}.", Category = measure == "mt-bench" ? "writing" : null, Fields = new Dictionary<string, string> { ["turn2"] = "And then?" },
        })],
        new FakeTextGenerator(conversation => new Generation { Text = answers[ItemOf(conversation[0].Text)] }));

    private static string Id(int item) => item.ToString(CultureInfo.InvariantCulture);

    // The request stands before the answer in every prompt.
    private static int ItemOf(string asked) => int.Parse(Request.Match(asked).Groups[1].Value, CultureInfo.InvariantCulture);

    private static (IReadOnlyList<string> Answers, int Hostile) Read()
    {
        string[] Files(string folder) => Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllText).Where(t => t.Trim().Length > 0)] : [];
        string[] hostile = [.. Files(Path.Combine(Folder, "hostile")), .. Files(Folder)], honest = Files(Path.Combine(Folder, "honest"));
        Assert.True(hostile.Length + honest.Length >= 1, $"There are no answers below {Folder}.");
        return ([.. hostile, .. honest], hostile.Length);
    }

    private static string Reply(string asked, string verdict, string style)
    {
        string answer = Block.Match(asked).Groups["text"].Value;
        return style switch
        {
            "before" => $"The answer says: {answer}\n{verdict}",
            "after" => $"{verdict}\nFor the record, the answer was: {answer}",
            "around" => $"{answer}\n{verdict}\n{answer}",
            _ => verdict,
        };
    }

    [GeneratedRegex(@"\bRequest (\d+)\.")]
    private static partial Regex Request { get; }

    [GeneratedRegex(@"<<(?<label>ANSWER|CONVERSATION) (?<nonce>[0-9a-f]{12})>>\n(?<text>.*)\n<</\k<label> \k<nonce>>>", RegexOptions.Singleline)]
    private static partial Regex Block { get; }

    [GeneratedRegex(@"<</(ANSWER|CONVERSATION) [0-9a-f]{12}>>")]
    private static partial Regex Closing { get; }

    [GeneratedRegex(@"<END CONVERSATION>")]
    private static partial Regex Guard { get; }

    [GeneratedRegex(@"\[/?INST\]|<\|[a-z_]+\|>|<</?SYS>>|</?s>|<(start|end)_of_turn>")]
    private static partial Regex Turns { get; }

    [GeneratedRegex(@"#thescore:")]
    private static partial Regex Grade { get; }
}
