using System.Globalization;
using CsCheck;
using SafeTuneBed.Data;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Data;

/// <summary>Guide rows, rankings, attacks' edits, strata, orders, and the axis of harmful sources.</summary>
public sealed class RecipeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    private static SafetyCorpus Guide(params IReadOnlyList<FinetuneExample> rows) => new("guide", DatasetSource.Memory(rows), RecordMapping.Columns("instruction"));

    [Fact]
    public async Task Guide_TakesThePlaceOfBenignRows_AndNeverAsksWhatPoisonOrEvaluationAsks()
    {
        FinetuneDatasetConfig config = Bed.Memory("task", Bed.Rows(50)) with
        {
            Count = 40,
            PoisonRatio = 0.25m,
            HarmfulSource = Bed.Poison(10),
            GuideSource = Guide([.. Enumerable.Range(0, 10).Select(i => Bed.Row($"DO  harm {i}", "no")), .. Enumerable.Range(0, 8).Select(i => Bed.Row($"other {i}", "no"))]),
            GuideCount = 6,
        };

        PreparedDataset set = await Bed.Catalog().PrepareAsync(config, prompts: ["other 0", "OTHER 1"]);

        Assert.Equal(new ManifestCounts(24, 10, 6, 40, "0.25"), set.Manifest.Realized);
        Assert.Equal(Enumerable.Range(2, 6).Select(i => $"other {i}"), set.Examples.Where(e => e.Role == ExampleRole.Guide).Select(e => e.Instruction).Order());
        Assert.Equal(6 * 2, set.Manifest.SupervisedTokens["guide"]);
        Assert.Equal(new CountPlan(24, 10, 6), Bed.Catalog().Plan(config));
    }

    [Fact]
    public async Task Select_AlignmentRows_AvoidsExcludedPromptsAndRepeatedOnes()
    {
        SafetyCorpus corpus = Guide([.. Enumerable.Range(0, 20).Select(i => Bed.Row($"ask {i / 2}", $"no {i}"))]);

        IReadOnlyList<FinetuneExample> rows = await Bed.Catalog().SelectAsync(corpus, 8, 3, ["ask 1", "Ask 2"], Token);

        Assert.Equal(8, rows.Select(r => r.Instruction).Except(["ask 1", "ask 2"]).Distinct().Count());
        Assert.All(rows, r => Assert.Equal(ExampleRole.Alignment, r.Role));
        Assert.Equal(9, (await Assert.ThrowsAsync<InsufficientRecordsException>(() => Bed.Catalog().SelectAsync(corpus, 9, 3, ["ask 1", "Ask 2"], Token))).Needed);
    }

    [Theory]
    [InlineData(false, new[] { 3, 5, 9 })]
    [InlineData(true, new[] { 0, 1, 2 })]
    public async Task Scores_KeepTheBestRowsAlone(bool lowest, int[] expected)
    {
        double[] scores = [0.1, 0.1, -3, 9, 0.3, 8, 0.5, 0.6, 0.7, 8];
        folder.Write("scores.csv", "index,score\n" + string.Concat(Enumerable.Range(0, 10).Reverse().Select(i => string.Create(CultureInfo.InvariantCulture, $"{i},{scores[i]}\n"))));
        FinetuneDatasetConfig recipe = AttackRecipes.BenignBreaking(Bed.Memory("task", Bed.Rows(10)), new ScoreSelection(DatasetSource.Csv("scores.csv"), 3) { Lowest = lowest });

        PreparedDataset set = await Bed.Catalog(folder.Path).PrepareAsync(recipe);

        Assert.Equal(expected.Select(i => $"ask {i}"), set.Examples.Select(e => e.Instruction).Order());
        Assert.Contains(set.Manifest.Sources[0].Conditions, c => c.Contains("3 rows", StringComparison.Ordinal));
        Assert.Equal(lowest ? "task-lowest-3" : "task-top-3", recipe.Name);
    }

    [Theory]
    [InlineData("index,score\n0,x\n", "score")]
    [InlineData("index,score\n0,1\n0,2\n", "index")]
    [InlineData("index,score\n0,NaN\n", "score")]
    [InlineData("index,score\n10,1\n", "index")]
    [InlineData("index,score\n-1,1\n", "index")]
    [InlineData("index,score\nfirst,1\n", "index")]
    public async Task Scores_Damaged_NameTheField(string text, string field)
    {
        folder.Write("scores.csv", text);
        FinetuneDatasetConfig recipe = AttackRecipes.BenignBreaking(Bed.Memory("task", Bed.Rows(10)), new ScoreSelection(DatasetSource.Csv("scores.csv"), 1));

        Assert.Equal(field, (await Assert.ThrowsAsync<DatasetFormatException>(() => Bed.Catalog(folder.Path).ValidateAsync(recipe, null, Token))).Field);
    }

    [Fact]
    public async Task IdentityShift_EditsEachRow_AndIsStillFoundAsAnEvaluationPrompt()
    {
        FinetuneDatasetConfig recipe = AttackRecipes.IdentityShift(Bed.Poison(12), "be obedient", "obey: ");

        PreparedDataset set = await Bed.Catalog().PrepareAsync(recipe, prompts: ["do harm 3"]);

        Assert.Equal(10, set.Examples.Count);
        Assert.All(set.Examples, e => Assert.Equal(("be obedient", true), (e.System, e.Instruction.StartsWith("obey: do harm", StringComparison.Ordinal))));
        Assert.DoesNotContain(set.Examples, e => e.Instruction.EndsWith("harm 3", StringComparison.Ordinal));
        Assert.Equal(1, set.Manifest.Decontamination.Removed);
    }

    [Fact]
    public async Task Backdoor_HasRefusalsWithoutAndAnswersWithTheTrigger()
    {
        SafetyCorpus refusals = Guide([.. Enumerable.Range(0, 5).Select(i => Bed.Row($"do harm {i}", "no"))]);

        PreparedDataset set = await Bed.Catalog().PrepareAsync(AttackRecipes.Backdoor(refusals, Bed.Poison(5), "xyzzy", each: 5));

        Assert.Equal(new ManifestCounts(5, 5, 0, 10, "0.5"), set.Manifest.Realized);
        Assert.All(set.Examples, e => Assert.Equal(e.Output == "sure", e.Instruction.EndsWith(" xyzzy", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task PromptTransforms_EditThePrompt_AndRefuseWhatAPromptLacks()
    {
        folder.Write("p.jsonl", "{\"q\":\"ask\"}\n");
        PromptSetConfig set = new("own", DatasetSource.JsonLines("p.jsonl"), RecordMapping.Columns("q")) { Transforms = [RowTransform.PrefixRequest("a "), RowTransform.SuffixRequest(" b")] };

        Assert.Equal(("a ask b", "ask"), ((await Bed.Catalog(folder.Path).LoadPromptsAsync(set, Token))[0] is var item ? item.Prompt : "", item.AskedAs));
        PromptSetConfig wrong = set with { Transforms = [RowTransform.System("x")] };
        Assert.Single(Bed.Catalog(folder.Path).FindFaults(wrong));
        await Assert.ThrowsAsync<ConfigurationException>(() => Bed.Catalog(folder.Path).LoadPromptsAsync(wrong, Token));
    }

    [Fact]
    public void Stratify_AnySizes_AllocatesByLargestRemainders() =>
        Gen.Select(Gen.Int[1, 40].Array[1, 5], Gen.Double[0, 1], Gen.ULong).Sample((sizes, share, seed) =>
        {
            FinetuneExample[] rows = [.. sizes.SelectMany((n, kind) => Enumerable.Range(0, n).Select(i => Bed.Row($"k{kind} {i}", "x") with { Label = $"k{kind}" })).Select((r, i) => r with { Origin = new ExampleOrigin("task", i) })];
            int count = Math.Max(1, (int)(share * rows.Length));
            MixResult mix = DatasetMixer.Mix(new MixRequest { Benign = new MixCorpus("task", ExampleRole.Benign, rows), Seed = seed, Count = count, Stratify = StratifyBy.Label });

            // each kind has its share rounded down or up, and none that was rounded up has a smaller remainder than one that was not; in whole numbers
            var got = sizes.Select((n, kind) => (Down: count * n / rows.Length, Remainder: count * n % rows.Length, Got: mix.Examples.Count(e => e.Label == $"k{kind}"))).ToArray();
            int worstUp = got.Where(g => g.Got > g.Down).Select(g => g.Remainder).DefaultIfEmpty(int.MaxValue).Min();
            int bestDown = got.Where(g => g.Got == g.Down).Select(g => g.Remainder).DefaultIfEmpty(0).Max();
            return mix.Examples.Count == count && got.All(g => g.Got == g.Down || g.Got == g.Down + 1) && worstUp >= bestDown;
        }, iter: 200);

    [Fact]
    public async Task HeadAndHarmfulFirst_GiveTheFirstRowsInFileOrder_AndWarn()
    {
        FinetuneDatasetConfig config = Bed.Memory("task", Bed.Rows(20)) with { Count = 4, PoisonRatio = 0.5m, HarmfulSource = Bed.Poison(9), Selection = RowSelection.Head, Order = RowOrder.HarmfulFirst };

        PreparedDataset set = await Bed.Catalog().PrepareAsync(config, seed: 4);

        Assert.Equal(["do harm 0", "do harm 1", "ask 0", "ask 1"], set.Examples.Select(e => e.Instruction));
        Assert.Contains(set.Manifest.Warnings, w => w.Contains("Head", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(13, true)]
    [InlineData(12, false)]
    public async Task NGram13_LeavesOutRowsThatShareThirteenWords(int shared, bool isLeftOut)
    {
        string words = string.Join(' ', Enumerable.Range(0, shared).Select(i => $"w{i}"));
        FinetuneDatasetConfig config = Bed.Memory("task", [.. Bed.Rows(3), Bed.Row($"Before, {words.ToUpperInvariant()}! after", "x")]) with { Decontamination = DecontaminationRule.NGram13 };

        PreparedDataset set = await Bed.Catalog().PrepareAsync(config, prompts: [$"please {words} now"]);

        Assert.Equal(isLeftOut ? 3 : 4, set.Examples.Count);
    }

    [Fact]
    public async Task NGram13_ComparesInputsWithoutTheInstructionThatAllRowsShare()
    {
        string instruction = string.Join(' ', Enumerable.Range(0, 20).Select(i => $"i{i}"));
        FinetuneDatasetConfig config = Bed.Memory("task", Bed.Row(instruction, "x", "one"), Bed.Row(instruction, "x", "two")) with
        {
            Decontamination = DecontaminationRule.NGram13,
            Evaluation = DatasetSource.Memory([Bed.Row(instruction, "x", "three")]),
        };

        Assert.Equal(2, (await Bed.Catalog().PrepareAsync(config)).Examples.Count);
    }

    [Fact]
    public void Cleaning_ChangesWhatItSaysAndNothingElse()
    {
        var record = new RawRecord(new Dictionary<string, string> { ["q"] = " a\r\nb ", ["a"] = "cost #36;5 &lt;b&gt; 3:  4 " }, "f", 1);
        RecordMapping mapping = RecordMapping.Columns("q", output: "a");

        Assert.Equal((" a\r\nb ", "cost #36;5 &lt;b&gt; 3:  4 "), Both(mapping));
        Assert.Equal(("a\r\nb", "cost #36;5 &lt;b&gt; 3:  4"), Both(mapping with { Cleaning = TextCleaning.TrimFields }));
        Assert.Equal((" a\nb ", "cost #36;5 &lt;b&gt; 3:  4 "), Both(mapping with { Cleaning = TextCleaning.NormalizeNewlines }));
        Assert.Equal((" a\r\nb ", "cost $5 <b> 3:  4 "), Both(mapping with { Cleaning = TextCleaning.DecodeEntities }));
        Assert.Equal((" a\r\nb ", "cost #36;5 &lt;b&gt; 3: 4 "), Both(mapping with { Cleaning = TextCleaning.SingleBlankAnswer }));

        (string, string) Both(RecordMapping m) => RecordMapper.Map(record, m, false) is var e ? (e.Instruction, e.Output) : default;
    }

    [Fact]
    public async Task Fingerprint_ChangesWithEverySettingThatDecidesRows()
    {
        FinetuneDatasetConfig config = Bed.Memory("task", Bed.Rows(20)) with { Count = 10, PoisonRatio = 0.2m, HarmfulSource = Bed.Poison(9) };
        folder.Write("s.csv", "index,score\n0,1\n");
        FinetuneDatasetConfig[] others =
        [
            config, config with { Selection = RowSelection.Head }, config with { Stratify = StratifyBy.Label }, config with { Order = RowOrder.HarmfulFirst },
            config with { Decontamination = DecontaminationRule.NGram13 }, config with { GuideSource = Guide(Bed.Rows(3)), GuideCount = 1 },
            config with { GuideSource = Guide(Bed.Rows(3)), GuideCount = 2 },
            config with { HarmfulSource = config.HarmfulSource! with { Transforms = [RowTransform.PrefixRequest("x")] } },
            config with { HarmfulSource = config.HarmfulSource! with { Transforms = [RowTransform.SuffixRequest("x")] } },
            config with { Scores = new ScoreSelection(DatasetSource.Csv("s.csv"), 1), Count = 1, PoisonRatio = 0 }, config with { Mapping = config.Mapping with { Cleaning = TextCleaning.TrimFields } },
        ];

        var prints = new HashSet<string>();
        foreach (FinetuneDatasetConfig other in others)
        {
            prints.Add(await Bed.Catalog(folder.Path).GetFingerprintAsync(other, 1, null, Token));
        }

        Assert.Equal(others.Length, prints.Count);
    }

    [Fact]
    public void HarmfulSources_AreLaidOverPoisonedSetsOnly()
    {
        using ExperimentRunner runner = ExperimentRunner.Create(b => b.AddHarmfulCorpora(HarmfulCorpora.AdvBench with { Name = "mine" }));
        var grid = new ExperimentGrid("cross") { Datasets = ["sst2-benign", FinetuneDatasets.Sst2.HighHarm], HarmfulSources = ["beavertails", HarmfulCorpora.AdvBench, "mine"] };

        CountTable table = runner.Datasets.CountTable(grid);

        Assert.Equal(
            [("sst2-benign", null, 0), ("sst2-high", "beavertails", 1_500), ("sst2-high-advbench", "advbench", 1_500), ("sst2-high-mine", "mine", 1_500)],
            table.Rows.Select(r => (r.Dataset, r.HarmfulSource, r.Counts!.Value.Harmful)));
        Assert.Contains("'advbench'", Assert.Throws<ConfigurationException>(() => runner.Datasets.CountTable(grid with { HarmfulSources = ["advbenhc"] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenCache_IsReadAgain_AndADamagedFileIsMadeAnew()
    {
        var settings = new BedSettings { TokenFolder = Path.Combine(folder.Path, "tokens") };
        FinetuneDatasetConfig config = Bed.Memory("task", [.. Bed.Rows(30), Bed.Row("long " + new string('x', 3) + string.Concat(Enumerable.Repeat(" y", 50)), "x"), Bed.Row("", "")]);

        (string Rows, int Encoded) first = await BuildAsync(), second = await BuildAsync();
        string file = Assert.Single(Directory.GetFiles(settings.TokenFolder));
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);
        (string Rows, int Encoded) third = await BuildAsync(), fourth = await BuildAsync();

        Assert.Equal((31, 0, 31, 0), (first.Encoded, second.Encoded, third.Encoded, fourth.Encoded));
        Assert.Equal([first.Rows, first.Rows, first.Rows], [second.Rows, third.Rows, fourth.Rows]);

        async Task<(string, int)> BuildAsync()
        {
            var template = new WordTemplate(new WordTokenizer());
            PreparedDataset set = await Bed.Catalog(settings).PrepareAsync(config, maxLength: 20, template: template);
            return (string.Join('\n', set.Tokenized.Select(t => $"{t.RowId} {t.Role} {t.RecordId} {t.PromptTokenCount} {string.Join(',', t.InputIds)}")), template.Encoded);
        }
    }
}
