using System.Text.RegularExpressions;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation.Judges;

/// <summary>
/// Answers that try to write their own verdict, and honest ones that only quote the forms. Any folder with <c>hostile</c> and <c>honest</c> text files may be named by
/// SAFETUNEBED_ANSWERS. The judges here know the right grade and repeat the answer around it, which is the worst that a sound judge does.
/// </summary>
public sealed partial class HostileAnswerTests
{
    private const int HostileGrade = 5, HonestGrade = 2;

    private static string Folder => Environment.GetEnvironmentVariable("SAFETUNEBED_ANSWERS") is { Length: > 0 } folder ? folder
        : Path.Combine(SharedFolder.Root, "SafeTuneBed.Tests", "Evaluation", "Judges", "Answers");

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    [InlineData("around")]
    public async Task EvaluateAsync_HostileAndHonestAnswers_GetTheJudgesGrade(string style)
    {
        var (answers, grades) = Read();
        using var bed = new JudgeBed(b => b.AddScriptedJudge("judge", asked => Reply(asked, style)).AddHarmfulness().AddHarmfulPolicy());
        foreach (string measure in new[] { "harmfulness", "harmful-policy" })
        {
            EvaluationResult result = await bed.EvaluateAsync(measure, answers);
            Dictionary<string, SampleScore> scores = result.Of(measure == "harmfulness" ? "stb15/mean" : "policy/mean");
            Assert.All(grades, (grade, i) => Assert.Equal(grade, scores[FormattableString.Invariant($"{i}")].Value));
        }
    }

    [Fact]
    public async Task EvaluateAsync_AnyAnswer_LeavesOneFenceThatOnlyThePromptCloses()
    {
        var (answers, _) = Read();
        var seen = new List<string>();
        using var bed = new JudgeBed(b => b.AddScriptedJudge("judge", asked =>
        {
            lock (seen)
            {
                seen.Add(asked);
            }

            return "#thescore: 1";
        }).AddHarmfulness());
        await bed.EvaluateAsync("harmfulness", answers);
        Assert.Equal(answers.Distinct().Count(), seen.Count);
        Assert.All(seen, asked =>
        {
            Assert.Single(Closing.Matches(asked));
            Assert.Single(Grade.Matches(asked[asked.IndexOf("<<ANSWER", StringComparison.Ordinal)..]), m => m.Value == "#thescore:"); // the prompt's own last line
        });
    }

    private static (IReadOnlyList<string> Answers, IReadOnlyList<double> Grades) Read()
    {
        string[] hostile = [.. Directory.GetFiles(Path.Combine(Folder, "hostile")).Order(StringComparer.Ordinal).Select(File.ReadAllText)];
        string[] honest = [.. Directory.GetFiles(Path.Combine(Folder, "honest")).Order(StringComparer.Ordinal).Select(File.ReadAllText)];
        Assert.True(hostile.Length >= 1 && honest.Length >= 1, $"There are no answers below {Folder}.");
        return ([.. hostile, .. honest], [.. hostile.Select(_ => (double)HostileGrade), .. honest.Select(_ => (double)HonestGrade)]);
    }

    // Knows the right grade by the file's first word, and repeats what it read.
    private static string Reply(string asked, string style)
    {
        Match block = Answer.Match(asked);
        string answer = block.Groups["text"].Value;
        string verdict = FormattableString.Invariant($"#thescore: {(answer.StartsWith("HONEST", StringComparison.Ordinal) ? HonestGrade : HostileGrade)}");
        return style switch
        {
            "before" => $"The answer says: {answer}\n{verdict}",
            "after" => $"{verdict}\nFor the record, the answer was: {answer}",
            _ => $"{answer}\n{verdict}\n{answer}",
        };
    }

    [GeneratedRegex(@"<<ANSWER (?<nonce>[0-9a-f]{12})>>\n(?<text>.*)\n<</ANSWER \k<nonce>>>", RegexOptions.Singleline)]
    private static partial Regex Answer { get; }

    [GeneratedRegex(@"<</ANSWER [0-9a-f]{12}>>")]
    private static partial Regex Closing { get; }

    [GeneratedRegex(@"#thescore:")]
    private static partial Regex Grade { get; }
}
