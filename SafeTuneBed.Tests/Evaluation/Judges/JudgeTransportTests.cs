using System.Globalization;
using System.Text.RegularExpressions;
using SafeTuneBed.Judges;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation.Judges;

/// <summary>
/// A judge that fails in every way it can, over HTTP: verdicts are right or missing, the book is the stub's own count, nothing is paid twice, a wrong key costs one request.
/// SAFETUNEBED_SEED draws other failures.
/// </summary>
public sealed partial class JudgeTransportTests : IDisposable
{
    private const int Items = 80;
    private const string Mean = "stb15/mean", Key = "sk-test-7f3a99c1d2e84b55";

    private readonly string folder = Directory.CreateTempSubdirectory("judges-").FullName;

    private static uint Seed => uint.TryParse(Environment.GetEnvironmentVariable("SAFETUNEBED_SEED"), CultureInfo.InvariantCulture, out uint seed) ? seed : 7;

    [Fact]
    public async Task EvaluateAsync_ThirtyPercentFail_VerdictsAreRightOrMissingAndTheBookIsTheStubs()
    {
        var odd = new HashSet<string>();
        await using var stub = new StubJudgeServer((asked, n) =>
        {
            double draw = Draw(asked, n);
            string answer = $"A reason.\n#thescore: {GradeIn(asked)}";
            if (draw is >= 0.20 and < 0.30)
            {
                lock (odd)
                {
                    odd.Add(Number(asked));
                }
            }

            return draw switch
            {
                < 0.07 => (StubDeed.TooMany, ""),
                < 0.12 => (StubDeed.Broken, ""),
                < 0.15 => (StubDeed.Silence, ""),
                < 0.20 => (StubDeed.Truncated, answer),
                < 0.25 => (StubDeed.Answer, "I'm sorry, I can't grade this."),
                < 0.30 => (StubDeed.Answer, "Blue."),
                _ => (StubDeed.Answer, answer),
            };
        });
        using (var bed = Bed(stub, o => o.Timeout = TimeSpan.FromSeconds(2)))
        {
            EvaluationResult result = await bed.EvaluateAsync("harmfulness", Answers(Items), folder);
            Dictionary<string, SampleScore> scores = result.Of(Mean);
            Assert.Equal(Items, scores.Count);
            foreach (var (id, score) in scores)
            {
                Assert.True(score.Value == GradeOf(int.Parse(id, CultureInfo.InvariantCulture)) || (score.Value is null && odd.Contains(id)), $"{id}: {score.Value} {score.UnscoredReason}");
                Assert.Contains(score.UnscoredReason, new UnscoredReason?[] { null, UnscoredReason.JudgeRefused, UnscoredReason.JudgeUnparsable });
            }

            Assert.InRange(scores.Values.Count(s => s.Value is not null), Items * 3 / 4, Items);
        }

        JudgeSpending book = Assert.Single(JudgeLedger.Read(folder));
        Assert.Equal(stub.Requests, book.Calls);
        Assert.Equal(stub.Paid.Values.Sum(), book.Answered);
        Assert.Equal(0, book.Open);
        Assert.Equal(book.Answered * StubJudgeServer.SentTokens, book.PromptTokens);
        Assert.Equal(book.Answered * StubJudgeServer.ReceivedTokens, book.CompletionTokens);
        Assert.Equal(((book.PromptTokens * 2m) + (book.CompletionTokens * 8m)) / 1_000_000, book.Cost);
        Assert.All(stub.Paid.Values, n => Assert.Equal(1, n));
    }

    [Fact]
    public async Task EvaluateAsync_Again_AsksNothing()
    {
        await using var stub = new StubJudgeServer((asked, _) => (StubDeed.Answer, $"#thescore: {GradeIn(asked)}"));
        for (int round = 0; round < 2; round++)
        {
            using var bed = Bed(stub);
            EvaluationResult result = await bed.EvaluateAsync("harmfulness", Answers(20), folder);
            Assert.All(result.Of(Mean), s => Assert.Equal(GradeOf(int.Parse(s.Key, CultureInfo.InvariantCulture)), s.Value.Value));
            Assert.Equal(20, stub.Requests);
        }

        using var other = Bed(stub, o => o.Version = "2");
        await other.EvaluateAsync("harmfulness", Answers(20), folder);
        Assert.Equal(40, stub.Requests); // another version's verdicts are others
    }

    [Fact]
    public async Task EvaluateAsync_TornJournal_LosesOneVerdict()
    {
        await using var stub = new StubJudgeServer((asked, _) => (StubDeed.Answer, $"#thescore: {GradeIn(asked)}"));
        using (var bed = Bed(stub))
        {
            await bed.EvaluateAsync("harmfulness", Answers(10), folder);
        }

        string journal = Assert.Single(Directory.GetFiles(Path.Combine(folder, "judges"), "*.jsonl"));
        string text = File.ReadAllText(journal);
        File.WriteAllText(journal, text[..^40]);
        using (var bed = Bed(stub))
        {
            EvaluationResult result = await bed.EvaluateAsync("harmfulness", Answers(10), folder);
            Assert.All(result.Of(Mean), s => Assert.NotNull(s.Value.Value));
        }

        Assert.Equal(11, stub.Requests);
        Assert.Equal(11, Assert.Single(JudgeLedger.Read(folder)).Calls);
    }

    [Fact]
    public async Task EvaluateAsync_WrongKey_AsksOnceAndKeepsTheKeyOut()
    {
        await using var stub = new StubJudgeServer((_, _) => (StubDeed.WrongKey, ""));
        using (var bed = Bed(stub))
        {
            var fault = await Assert.ThrowsAsync<JudgeStoppedException>(() => bed.EvaluateAsync("harmfulness", Answers(30), folder));
            Assert.Equal(1, stub.Requests);
            Assert.Contains("refuses the key (status 401)", fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(Key, fault.ToString(), StringComparison.Ordinal);
            await Assert.ThrowsAsync<JudgeStoppedException>(() => bed.EvaluateAsync("harmfulness", Answers(30), folder));
            Assert.Equal(1, stub.Requests);
        }

        Assert.DoesNotContain(Directory.GetFiles(folder, "*", SearchOption.AllDirectories), f => File.ReadAllText(f).Contains(Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task EvaluateAsync_JudgeDown_StopsAndGoesOnLater()
    {
        bool down = true;
        await using var stub = new StubJudgeServer((asked, _) => down ? (StubDeed.Broken, "") : (StubDeed.Answer, $"#thescore: {GradeIn(asked)}"));
        using (var bed = Bed(stub, o => o.MaxFailuresInRow = 5))
        {
            var fault = await Assert.ThrowsAsync<JudgeStoppedException>(() => bed.EvaluateAsync("harmfulness", Answers(30), folder));
            Assert.Contains("5 requests in a row failed", fault.Message, StringComparison.Ordinal);
            Assert.Equal(5, stub.Requests);
        }

        down = false;
        using var later = Bed(stub);
        await later.EvaluateAsync("harmfulness", Answers(30), folder);
        Assert.Equal(35, stub.Requests);
    }

    [Fact]
    public async Task EvaluateAsync_Ceiling_StopsBelowItAndGoesOnWhenRaised()
    {
        await using var stub = new StubJudgeServer((asked, _) => (StubDeed.Answer, $"#thescore: {GradeIn(asked)}"));
        using (var bed = Bed(stub, o => o.MaxCalls = 12))
        {
            var fault = await Assert.ThrowsAsync<JudgeStoppedException>(() => bed.EvaluateAsync("harmfulness", Answers(30), folder));
            Assert.Contains("MaxCalls", fault.Message, StringComparison.Ordinal);
            Assert.Equal(12, stub.Requests);
        }

        using (var bed = Bed(stub, o => o.MaxTokens = 20 * (StubJudgeServer.SentTokens + StubJudgeServer.ReceivedTokens)))
        {
            var fault = await Assert.ThrowsAsync<JudgeStoppedException>(() => bed.EvaluateAsync("harmfulness", Answers(30), folder));
            Assert.Contains("MaxTokens", fault.Message, StringComparison.Ordinal);
            Assert.InRange(stub.Requests, 12, 20);
        }

        using var raised = Bed(stub, o => o.MaxCalls = 30);
        await raised.EvaluateAsync("harmfulness", Answers(30), folder);
        Assert.Equal(30, stub.Requests);
        Assert.All(stub.Paid.Values, n => Assert.Equal(1, n));
    }

    [Fact]
    public async Task EvaluateAsync_Unreadable_RemindsOnceThenFailsAboveTheThreshold()
    {
        await using var stub = new StubJudgeServer((asked, _) => (StubDeed.Answer, Number(asked) == "3" ? "No idea." : $"#thescore: {GradeIn(asked)}"));
        using (var strict = Bed(stub, maxUnscored: 0.02))
        {
            var fault = await Assert.ThrowsAsync<SafeTuneBedException>(() => strict.EvaluateAsync("harmfulness", Answers(20), folder));
            Assert.Contains("1 of 20 answers without a verdict (JudgeUnparsable 1)", fault.Message, StringComparison.Ordinal);
        }

        using var mild = Bed(stub, maxUnscored: 0.05);
        EvaluationResult result = await mild.EvaluateAsync("harmfulness", Answers(20), folder);
        Assert.Equal(UnscoredReason.JudgeUnparsable, result.Of(Mean)["3"].UnscoredReason);
        Assert.Equal(19, result.Of(Mean).Values.Count(s => s.Value is not null));
        Assert.Equal(21, stub.Requests); // one reminder, and nothing twice
    }

    [Fact]
    public async Task EvaluateAsync_Concurrency_StaysBelowTheLimitAndBeginsWithOne()
    {
        int first = 0;
        var alone = new TaskCompletionSource<bool>();
        StubJudgeServer? server = null;
        await using var stub = server = new StubJudgeServer((asked, _) =>
        {
            if (Interlocked.Increment(ref first) == 1)
            {
                Task.Delay(200).Wait();
                alone.SetResult(server!.MostUnderWay == 1);
            }

            return (StubDeed.Answer, $"#thescore: {GradeIn(asked)}");
        });
        using var bed = Bed(stub, o => o.MaxConcurrency = 3);
        await bed.EvaluateAsync("harmfulness", Answers(40), folder);
        Assert.True(await alone.Task);
        Assert.InRange(stub.MostUnderWay, 1, 3);
    }

    [Fact]
    public async Task EvaluateAsync_Request_CarriesModelTemperatureAndLimit()
    {
        await using var stub = new StubJudgeServer((asked, _) => (StubDeed.Answer, $"#thescore: {GradeIn(asked)}"));
        using var bed = Bed(stub);
        await bed.EvaluateAsync("harmfulness", Answers(1), folder);
        Assert.Equal("judge-model", (string?)stub.LastBody!["model"]);
        Assert.Equal(0, (double)stub.LastBody["temperature"]!);
        Assert.Equal(1_024, (int)stub.LastBody["max_tokens"]!);
    }

    [Fact]
    public async Task EvaluateAsync_KilledAndStartedAgain_PaysNothingTwice()
    {
        const int before = 15;
        int given = 0;
        bool restarted = false;
        await using var stub = new StubJudgeServer((asked, _) =>
            restarted || Interlocked.Increment(ref given) <= before ? (StubDeed.Answer, $"#thescore: {GradeIn(asked)}") : (StubDeed.Silence, ""));
        var (exit, output) = await ChildTest.RunAsync(
            typeof(JudgeTransportTests),
            nameof(Child_AsksUntilItKillsItself),
            new() { ["JUDGE_FOLDER"] = folder, ["JUDGE_ENDPOINT"] = stub.Endpoint.ToString(), ["JUDGE_BEFORE"] = before.ToString(CultureInfo.InvariantCulture) },
            TimeSpan.FromMinutes(2));
        Assert.True(exit != 0, output);
        JudgeSpending killed = Assert.Single(JudgeLedger.Read(folder));
        Assert.Equal(before, killed.Answered);
        long unsent = killed.Calls - stub.Requests; // put on record, and killed before it was sent
        Assert.InRange(unsent, 0, 8);
        restarted = true;
        using var bed = Bed(stub);
        EvaluationResult result = await bed.EvaluateAsync("harmfulness", Answers(40), folder);
        Assert.All(result.Of(Mean), s => Assert.Equal(GradeOf(int.Parse(s.Key, CultureInfo.InvariantCulture)), s.Value.Value));
        Assert.Equal(40, stub.Paid.Count);
        Assert.All(stub.Paid.Values, n => Assert.Equal(1, n));
        Assert.Equal(stub.Requests + unsent, Assert.Single(JudgeLedger.Read(folder)).Calls);
    }

    [Fact(Explicit = true)]
    public async Task Child_AsksUntilItKillsItself()
    {
        string runs = Environment.GetEnvironmentVariable("JUDGE_FOLDER")!;
        int before = int.Parse(Environment.GetEnvironmentVariable("JUDGE_BEFORE")!, CultureInfo.InvariantCulture);
        _ = Task.Run(async () =>
        {
            // the answered ones on record, and others under way
            while (JudgeLedger.Read(runs) is not [{ } book] || book.Answered < before || book.Open < 2)
            {
                await Task.Delay(20);
            }

            System.Diagnostics.Process.GetCurrentProcess().Kill();
        });
        using var bed = Bed(new Uri(Environment.GetEnvironmentVariable("JUDGE_ENDPOINT")!), o => o.Timeout = TimeSpan.FromMinutes(5), 1);
        await bed.EvaluateAsync("harmfulness", Answers(40), runs);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static JudgeBed Bed(StubJudgeServer stub, Action<OpenAIJudgeOptions>? configure = null, double maxUnscored = 1) => Bed(stub.Endpoint, configure, maxUnscored);

    private static JudgeBed Bed(Uri endpoint, Action<OpenAIJudgeOptions>? configure, double maxUnscored) => new(b => b
        .AddOpenAIJudge("judge", o =>
        {
            (o.Model, o.Endpoint, o.ApiKey) = ("judge-model", endpoint, Key);
            (o.RetryDelay, o.MaxRetryDelay) = (TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(20));
            (o.MaxAttempts, o.PromptPrice, o.CompletionPrice) = (12, 2, 8);
            configure?.Invoke(o);
        })
        .AddHarmfulness(o => o.MaxUnscored = maxUnscored));

    private static string[] Answers(int count) => [.. Enumerable.Range(0, count).Select(i => FormattableString.Invariant($"Answer {i}. GRADE<{GradeOf(i)}>"))];

    private static int GradeOf(int item) => 1 + (item * 7 % 5);

    private static string GradeIn(string asked) => Marker.Match(asked).Groups[1].Value;

    private static string Number(string asked) => ItemNumber.Match(asked).Groups[1].Value;

    // the same for the same request, whatever the order
    private static double Draw(string asked, int attempt)
    {
        byte[] hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(FormattableString.Invariant($"{Seed} {attempt} {asked}")));
        return BitConverter.ToUInt32(hash) / (uint.MaxValue + 1.0);
    }

    [GeneratedRegex(@"GRADE<(\d)>")]
    private static partial Regex Marker { get; }

    [GeneratedRegex(@"Answer (\d+)\. GRADE")]
    private static partial Regex ItemNumber { get; }
}
