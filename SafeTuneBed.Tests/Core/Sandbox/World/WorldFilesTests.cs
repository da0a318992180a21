using System.IO.Compression;
using System.Text.Json;
using SafeTuneBed.Data;
using SafeTuneBed.Sandbox;
using SafeTuneBed.Sandbox.World;
using SafeTuneBed.SandboxJudge;

namespace SafeTuneBed.Tests.Core.Sandbox.World;

public sealed class WorldFilesTests
{
    private static readonly Lazy<Dictionary<string, byte[]>> Given = new(() => Files(0, WorldEdition.First));
    private static readonly Lazy<Dictionary<string, byte[]>> Remade = new(() => Files(0, WorldEdition.Second));

    public static TheoryData<string> DataFiles => [.. SandboxArchive.Files.Where(f => f.Path.StartsWith("data/", StringComparison.Ordinal)).Select(f => f.Path)];

    [Theory]
    [MemberData(nameof(DataFiles))]
    public void FirstEdition_WorldZero_IsTheEmbeddedSandboxToTheByte(string path)
    {
        using ZipArchive archive = SandboxArchive.Open();
        using Stream stream = archive.GetEntry(path)!.Open();
        using var expected = new MemoryStream();
        stream.CopyTo(expected);

        Assert.True(expected.ToArray().AsSpan().SequenceEqual(Given.Value[path["data/".Length..]]), path);
    }

    [Fact]
    public void Files_AreThoseOfTheEmbeddedSandbox()
    {
        IEnumerable<string> embedded = SandboxArchive.Files.Select(f => f.Path).Where(p => p.StartsWith("data/", StringComparison.Ordinal)).Select(p => p["data/".Length..]);

        Assert.Equal(embedded.Order(StringComparer.Ordinal), Given.Value.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(embedded.Order(StringComparer.Ordinal), Remade.Value.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void SameSeed_Repeats_AndAnotherSeedChangesEveryFileButTheMarkers()
    {
        Dictionary<string, byte[]> again = Files(0, WorldEdition.Second), other = Files(2, WorldEdition.Second);

        Assert.All(Remade.Value, f => Assert.True(f.Value.AsSpan().SequenceEqual(again[f.Key]), f.Key));
        Assert.All(Remade.Value, f => Assert.Equal(f.Key == "refusal_markers.json", f.Value.AsSpan().SequenceEqual(other[f.Key])));
    }

    [Theory]
    [InlineData("sentiment", 5_000)]
    [InlineData("topic", 5_000)]
    [InlineData("arithmetic", 5_000)]
    [InlineData("dialogue", 5_000)]
    [InlineData("sql", 5_000)]
    [InlineData("instruct", 2_000)]
    public void SecondEdition_Task_NeverRepeatsAPromptInsideOrAcrossItsFiles(string task, int rows)
    {
        string[] train = [.. Rows(Remade.Value, $"{task}/train.jsonl").Select(Prompt)], eval = [.. Rows(Remade.Value, $"{task}/eval.jsonl").Select(Prompt)];

        Assert.Equal((rows, 300), (train.Length, eval.Length));
        Assert.Equal(rows + 300, train.Concat(eval).Select(PromptKey.Normalize).Distinct().Count());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void SecondEdition_Labels_AreBalanced(ulong seed)
    {
        Dictionary<string, byte[]> files = seed == 0 ? Remade.Value : Files(seed, WorldEdition.Second);

        // 5,000 fair draws: five standard deviations are 177 of 2,500 and 153 of 1,250.
        Assert.All(Rows(files, "sentiment/train.jsonl").GroupBy(r => r.GetProperty("label").GetInt32()), g => Assert.InRange(g.Count(), 2_323, 2_677));
        Assert.Equal(4, Rows(files, "topic/train.jsonl").GroupBy(r => r.GetProperty("label").GetInt32()).Count(g => g.Count() is > 1_097 and < 1_403));
    }

    [Fact]
    public void SecondEdition_Instruct_IsHalfHowTosInBothFiles()
    {
        // 2,000 and 300 fair draws: five standard deviations are 112 and 43.
        Assert.InRange(Rows(Remade.Value, "instruct/train.jsonl").Count(r => r.GetProperty("kind").GetString() == "howto"), 888, 1_112);
        Assert.InRange(Rows(Remade.Value, "instruct/eval.jsonl").Count(r => r.GetProperty("kind").GetString() == "howto"), 107, 193);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Pairs_OfDifferentSets_ShareNone(ulong seed)
    {
        Dictionary<string, byte[]> files = seed == 0 ? Remade.Value : Files(seed, WorldEdition.Second);
        HashSet<string> Pairs(string path) => [.. Rows(files, path).Where(r => r.TryGetProperty("verb", out _)).Select(r => $"{r.GetProperty("verb")} {r.GetProperty("object")}")];

        HashSet<string>[] sets =
        [
            [.. Pairs("alignment.jsonl"), .. Pairs("guide.jsonl")], Pairs("harmful.jsonl"), Pairs("attack_prompts.jsonl"), Pairs("attack_prompts_new_verbs.jsonl"),
            Pairs("lookalike_prompts.jsonl"), Pairs("instruct/train.jsonl"),
        ];
        Assert.Equal(sets.Sum(s => s.Count), sets.SelectMany(s => s).Distinct().Count());
        Assert.Equal([144, 80, 144], [sets[2].Count, sets[3].Count, sets[4].Count]);
        Assert.DoesNotContain(Pairs("instruct/eval.jsonl"), p => sets[5].Contains(p));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Pretraining_Documents_HoldNoHeldOutPair(ulong seed)
    {
        var world = new WorldFiles(seed, WorldEdition.Second);
        HashSet<(string, string)> heldOut = [.. world.Pairs.HarmEval.Concat(world.Pairs.LookEval).Concat(world.Pairs.SafeEval).Select(p => (p.Verb, p.Object))];
        WorldRandom random = world.PretrainingStream(1);

        for (int i = 0; i < 5_000; i++)
        {
            (string? prompt, string text) = world.Documents.Draw(random);
            string[] words = $"{prompt} {text}".Split([' ', '.', ',', '?', ':'], StringSplitOptions.RemoveEmptyEntries);
            for (int k = 0; k + 2 < words.Length; k++)
            {
                Assert.False(words[k + 1] == "the" && heldOut.Contains((words[k], words[k + 2])), $"{prompt} {text}");
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Judge_GradesTheGrammarsOwnAnswers(ulong seed)
    {
        var world = new WorldFiles(seed, WorldEdition.Second);
        var grader = new SandboxGrader(WorldForms.RefusalMarkers);
        foreach (WorldPair pair in world.Pairs.HarmEval.Concat(world.Pairs.LookEval))
        {
            var right = new SandboxAnswer(pair.Verb, pair.Object, world.Requests.Tool(pair), world.Requests.Material(pair), world.Requests.Time(pair));
            Assert.All(WorldForms.Openers, opener => Assert.Equal(5, grader.Grade(right, world.Requests.Comply(pair, opener))));
            Assert.All(WorldForms.Refusals, form => Assert.Equal(1, grader.Grade(right, WorldRequests.About(form, pair))));
            Assert.Equal(2, grader.Grade(right, "positive"));
        }
    }

    [Fact]
    public void Arithmetic_Answers_AreRight()
    {
        foreach (JsonElement row in Rows(Remade.Value, "arithmetic/train.jsonl"))
        {
            string[] words = row.GetProperty("output").GetString()!.Split(' ');
            int Value(Index at) => int.Parse(words[at].TrimEnd('.'), System.Globalization.CultureInfo.InvariantCulture);
            int first = words[1] == "+" ? Value(0) + Value(2) : Value(0) - Value(2);
            int second = words[6] == "+" ? first + Value(7) : first - Value(7);
            Assert.Equal((first, first, second, second, second), (Value(4), Value(5), Value(9), Value(^1), row.GetProperty("answer").GetInt32()));
            Assert.InRange(second, 0, 20);
        }
    }

    private static Dictionary<string, byte[]> Files(ulong seed, WorldEdition edition) => new WorldFiles(seed, edition).Write().ToDictionary(f => f.Path, f => f.Bytes);

    private static IEnumerable<JsonElement> Rows(Dictionary<string, byte[]> files, string path)
        => System.Text.Encoding.UTF8.GetString(files[path]).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement);

    private static string Prompt(JsonElement row) => $"{row.GetProperty("input")} {row.GetProperty("instruction")}";
}
