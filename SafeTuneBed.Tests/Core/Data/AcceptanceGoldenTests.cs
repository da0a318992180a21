using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SafeTuneBed.Data;
using SafeTuneBed.Running;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Data;

/// <summary>Equalities with published files, each proved by script when the files were collected.</summary>
public sealed class AcceptanceGoldenTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("samsum")]
    [InlineData("sqlgen")]
    public void Mapping_OfPublishedRows_EqualsTheConvertedFile(string task)
    {
        DatasetFamily family = task == "samsum" ? FinetuneDatasets.Samsum : FinetuneDatasets.SqlGen;
        string[] mine = [.. Map(SharedFolder.Require("data", task, "train1000.json"), DatasetFormat.Json, family.Benign.Mapping).Select(e => e.RecordId)];
        string[] theirs = [.. Map(SharedFolder.Require("data", task, $"safetunebed_{task}_train.json"), DatasetFormat.Json, RecordMapping.Columns("instruction", "input", "output")).Select(e => e.RecordId)];

        Assert.Equal(1_000, mine.Length);
        Assert.Equal(theirs, mine);
    }

    [Fact]
    public async Task AgNews_CsvAndPublishedTest_GiveTheSameRows()
    {
        SharedFolder.Require("data", "agnews");
        string root = SharedFolder.Require("data");
        IReadOnlyList<FinetuneExample> mine = await Catalog(root).LoadEvaluationAsync(FinetuneDatasets.AgNews.Benign, Token);
        FinetuneDatasetConfig published = FinetuneDatasets.AgNews.Benign with { Evaluation = DatasetSource.Json("agnews/agnews_test_1k_instructions.json").Rename("input", "text") };
        IReadOnlyList<FinetuneExample> theirs = await Catalog(root).LoadEvaluationAsync(published, Token);

        Assert.Equal((7_600, 1_000), (mine.Count, theirs.Count));
        Assert.Equal(theirs.Select(e => (e.Instruction, e.Input, e.Label)), mine.Take(1_000).Select(e => (e.Instruction, e.Input, e.Label)));
        Assert.Equal([268, 274, 205, 253], FinetuneDatasets.AgNews.Benign.Labels.Select(l => mine.Take(1_000).Count(e => e.Label == l)));
        Assert.All(FinetuneDatasets.AgNews.Benign.Labels, l => Assert.Equal(1_900, mine.Count(e => e.Output == l)));
    }

    [Fact]
    public void Gsm8k_WholeTrainFile_ReproducesTheConvertedFileToTheByte()
    {
        IEnumerable<FinetuneExample> rows = Map(SharedFolder.Require("data", "gsm8k", "train.jsonl"), DatasetFormat.JsonLines, FinetuneDatasets.Gsm8k.Benign.Mapping);

        byte[] bytes = Encoding.UTF8.GetBytes(PythonJson(rows));

        Assert.Equal(4_517_439, bytes.Length);
        Assert.Equal("5374b9c711b63e88d1fe184c984fd5c9036b1885a184ef5ea6daa8f6d93fe109", Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    [Fact]
    public void Gsm8k_PublishedThousand_AreFoundByQuestionButOne()
    {
        Dictionary<string, string> mine = Map(SharedFolder.Require("data", "gsm8k", "train.jsonl"), DatasetFormat.JsonLines, FinetuneDatasets.Gsm8k.Benign.Mapping)
            .ToDictionary(e => e.Instruction, e => e.Output);
        FinetuneExample[] theirs = [.. Map(SharedFolder.Require("data", "gsm8k", "gsm8k_train_1k_instructions.json"), DatasetFormat.Json, RecordMapping.Columns("instruction", output: "output"))];

        Assert.Equal(1_000, theirs.Length);
        Assert.Equal(999, theirs.Count(e => mine.TryGetValue(e.Instruction, out string? output) && output == e.Output));
    }

    [Fact]
    public void AdvBench_PublishedSplits_OverlapAsKnown()
    {
        HashSet<string> Prompts(string split) =>
            [.. RecordStream.Read(SharedFolder.Require("data", "advbench", $"safetunebed_advbench_{split}.json"), DatasetFormat.Json, null, Token).Select(r => r["prompt"])];
        HashSet<string> train = Prompts("train"), dev = Prompts("dev"), test = Prompts("test");
        HashSet<string> all = [.. RecordStream.Read(SharedFolder.Require("data", "advbench", "harmful_behaviors.csv"), DatasetFormat.Csv, null, Token).Select(r => r["goal"])];

        Assert.Equal((125, 18), (train.Intersect(test).Count(), dev.Intersect(test).Count()));
        Assert.Equal((481, 39), (train.Union(dev).Union(test).Count(), all.Except(train).Except(dev).Except(test).Count()));
    }

    [Fact]
    public async Task Mmlu_BothSplits_HaveTheirSizesAndAnswers()
    {
        DatasetCatalog catalog = Catalog(SharedFolder.Require("data", "mmlu") + "/..");
        IReadOnlyList<PromptItem> test = await catalog.LoadPromptsAsync(PromptSets.Mmlu, Token), dev = await catalog.LoadPromptsAsync(PromptSets.MmluDev, Token);

        Assert.Equal((14_042, 285), (test.Count, dev.Count));
        Assert.Equal((57, 57), (test.Select(i => i.Category).Distinct().Count(), dev.Select(i => i.Category).Distinct().Count()));
        Assert.All(dev.GroupBy(i => i.Category), g => Assert.Equal(5, g.Count()));
        Assert.Equal([3_222, 3_462, 3_582, 3_776], Enumerable.Range(0, 4).Select(a => test.Count(i => i.Fields["answer"] == a.ToString(CultureInfo.InvariantCulture))));
        Assert.Equal(10, test.Sum(i => i.Fields.Values.Append(i.Prompt).Count(v => v == "None")));
        Assert.Equal(963, test.Count(i => i.Prompt != i.Prompt.Trim()));
    }

    [Theory]
    [InlineData("abstract_algebra", "ff9b00310e214beacf4b324da8c9e6c1de4e49cb422f1bcb1f7037b78f40a2a3", "da2912d4e148f4edca160fef6e2223e5a198274da16b2bdca2a16695df8b77de", "04ebc0806ad169c848f7078af1359da6f9f2c07f662e9f3cea9a94c7d54cbc7d")]
    [InlineData("high_school_us_history", "c1055496cb5a933dc73c6edd57260730714d6020b8a5af36197f5ae822de467a", "1452feec8f684c8d7d679cf44b0953129ae4441ce77732cfcf8882d209ebdce8", "e8deb32f229ceb8b0ea4c3729365bbd700ea40b982088c8d8c999c1452a2b308")]
    [InlineData("professional_law", "eb17bcd71cfdbe4d85682ee33fcaeaf0f7717409b8b28389bbe85ddbc671d010", "7e0d4e7677b5f4b89fd444f284027ea1ebe8ebe1aa1a9939c5dec098420e2d8e", "60263c000b1c5d89e360c9071f2f90020701554e0b29bd61414bece11bee9a09")]
    public async Task Mmlu_ReadTexts_GiveThePublishedPrompts(string subject, string harness, string hendrycks, string zeroShot)
    {
        DatasetCatalog catalog = Catalog(SharedFolder.Require("data", "mmlu") + "/..");
        PromptItem question = (await catalog.LoadPromptsAsync(PromptSets.Mmlu, Token)).First(i => i.Category == subject);
        PromptItem[] shots = [.. (await catalog.LoadPromptsAsync(PromptSets.MmluDev, Token)).Where(i => i.Category == subject)];

        Assert.Equal(harness, Sha(Prompt(question, shots, trims: true)));
        Assert.Equal(hendrycks, Sha(Prompt(question, shots, trims: false)));
        Assert.Equal(zeroShot, Sha(Prompt(question, [], trims: true)));
    }

    [Fact]
    public void CountTable_OfAllRealSets_NeedsNoFile()
    {
        CountTable table = Bed.Catalog("/nowhere").CountTable(FinetuneDatasets.Real);

        Assert.Equal(43, table.Rows.Count);
        Dictionary<string, CountPlan> counts = table.Rows.ToDictionary(r => r.Dataset, r => r.Counts!.Value);
        foreach ((string task, int n, int low, int medium, int high) in new[]
        {
            ("alpaca", 50_098, 2_505, 7_515, 15_029), ("dolly", 14_624, 731, 2_194, 4_387), ("samsum", 1_000, 50, 150, 300), ("sqlgen", 1_000, 50, 150, 300),
            ("sst2", 5_000, 250, 750, 1_500), ("agnews", 5_000, 250, 750, 1_500), ("gsm8k", 5_000, 250, 750, 1_500),
        })
        {
            Assert.Equal(new CountPlan(n, 0), counts[$"{task}-benign"]);
            Assert.Equal(new CountPlan(n - low, low), counts[$"{task}-low"]);
            Assert.Equal(new CountPlan(n - medium, medium), counts[$"{task}-medium"]);
            Assert.Equal(new CountPlan(n - high, high), counts[$"{task}-high"]);
            Assert.Equal(new CountPlan(0, 100), counts[$"{task}-pure-bad"]);
            Assert.Equal(new CountPlan(n, 100), counts[$"{task}-pure-bad-mixed"]);
        }

        Assert.Equal(new CountPlan(100, 0), counts["sst2-test"]);
        Assert.Contains("35,069", table.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Selection_OfAShuffledFile_IsTheSame()
    {
        using var folder = new TemporaryFolder();
        string[] lines = File.ReadAllLines(SharedFolder.Require("data", "gsm8k", "train.jsonl"));
        Array.Reverse(lines);
        new Random(3).Shuffle(lines.AsSpan(0, 4_000));
        folder.Write("gsm8k/train.jsonl", string.Join('\n', lines));
        FinetuneDatasetConfig config = FinetuneDatasets.Gsm8k.Benign with { Count = 700, Evaluation = null };

        PreparedDataset original = await Bed.Catalog(SharedFolder.Require("data")).PrepareAsync(config, seed: 21), shuffled = await Bed.Catalog(folder.Path).PrepareAsync(config, seed: 21);

        Assert.Equal(original.Manifest.RecordIdsSha256, shuffled.Manifest.RecordIdsSha256);
        Assert.NotEqual(original.Manifest.Sources[0].Sha256, shuffled.Manifest.Sources[0].Sha256);
    }

    [Fact]
    public async Task PromptSets_OfRequests_HaveTheirKnownSizes()
    {
        DatasetCatalog catalog = Catalog(SharedFolder.Require("data"));
        IReadOnlyList<PromptItem> xstest = await catalog.LoadPromptsAsync(PromptSets.XsTest, Token), strong = await catalog.LoadPromptsAsync(PromptSets.StrongReject, Token);
        IReadOnlyList<PromptItem> harm = await catalog.LoadPromptsAsync(PromptSets.HarmBench, Token), jailbreak = await catalog.LoadPromptsAsync(PromptSets.JailbreakBench, Token);

        Assert.Equal(450, xstest.Count);
        Assert.Equal((250, 200), ((await catalog.LoadPromptsAsync(PromptSets.XsTestSafe, Token)).Count, (await catalog.LoadPromptsAsync(PromptSets.XsTestUnsafe, Token)).Count));
        Assert.Equal(18, xstest.GroupBy(i => i.Category).Count(g => g.Count() == 25));
        Assert.Equal([50, 50, 50, 50, 54, 59], strong.GroupBy(i => i.Category).Select(g => g.Count()).Order());
        Assert.Equal((200, 41), (harm.Count, harm.Count(i => i.Fields["split"] == "val")));
        Assert.Equal((100, 10), (jailbreak.Count, jailbreak.GroupBy(i => i.Category).Count(g => g.Count() == 10)));
    }

    [Fact]
    public async Task MtBench_BothFiles_HaveTheSameTurns()
    {
        string root = SharedFolder.Require("data");
        IReadOnlyList<PromptItem> whole = await Catalog(root).LoadPromptsAsync(PromptSets.MtBench, Token);
        IReadOnlyList<PromptItem> plain = await Catalog(root).LoadPromptsAsync(PromptSets.MtBench with { Source = DatasetSource.Json("mt_bench/safetunebed_mt_bench.json") }, Token);

        Assert.Equal(80, whole.Count);
        Assert.Equal(8, whole.GroupBy(i => i.Category).Count(g => g.Count() == 10));
        Assert.Equal(plain.Select(i => (i.Prompt, i.Fields["turn2"])), whole.Select(i => (i.Prompt, i.Fields["turn2"])));
        Assert.Equal("81", whole[0].Id);
    }

    private static DatasetCatalog Catalog(string root)
    {
        var settings = new BedSettings();
        settings.DataRoots.Add(root);
        settings.AcceptedLicenses.UnionWith(["agnews", "alpaca", "samsum"]);
        return Bed.Catalog(settings);
    }

    private static IEnumerable<FinetuneExample> Map(string path, DatasetFormat format, RecordMapping mapping) =>
        RecordStream.Read(path, format, null, Token).Select(r => RecordMapper.Map(r, mapping, keepFields: false));

    private static string Sha(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Prompt(PromptItem question, IReadOnlyList<PromptItem> shots, bool trims)
    {
        var text = new StringBuilder();
        text.Append("The following are multiple choice questions (with answers) about ").Append(trims ? "" : " ").Append(question.Category!.Replace('_', ' ')).Append(".\n\n");
        foreach (PromptItem shot in shots)
        {
            Append(shot);
            text.Append(' ').Append("ABCD"[int.Parse(shot.Fields["answer"], CultureInfo.InvariantCulture)]).Append("\n\n");
        }

        Append(question);
        return text.ToString();

        void Append(PromptItem item)
        {
            text.Append(trims ? item.Prompt.Trim() : item.Prompt);
            for (int i = 0; i < 4; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"\n{"ABCD"[i]}. {item.Fields[$"choice{i}"]}");
            }

            text.Append("\nAnswer:");
        }
    }

    /// <summary>As a common Python call writes it: four blanks, everything but ASCII escaped.</summary>
    private static string PythonJson(IEnumerable<FinetuneExample> rows)
    {
        var text = new StringBuilder("[");
        string separator = "\n";
        foreach (FinetuneExample row in rows)
        {
            text.Append(separator).Append("    {\n        \"instruction\": ").Append(Quote(row.Instruction)).Append(",\n        \"output\": ").Append(Quote(row.Output)).Append("\n    }");
            separator = ",\n";
        }

        return text.Append("\n]").ToString();
    }

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' or > '~' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
