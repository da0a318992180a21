using SafeTuneBed.Data;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Data;

public sealed class DatasetCatalogTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("sst2-benign", 0, 5_000)]
    [InlineData("sst2-low", 250, 4_750)]
    [InlineData("sst2-medium", 750, 4_250)]
    [InlineData("sst2-high", 1_500, 3_500)]
    [InlineData("sst2-pure-bad", 100, 0)]
    [InlineData("sandbox-sentiment-benign", 0, 1_000)]
    [InlineData("sandbox-topic-low", 50, 950)]
    [InlineData("sandbox-sql-medium", 150, 850)]
    [InlineData("sandbox-instruct-high", 300, 700)]
    [InlineData("sandbox-dialogue-pure-bad", 1_000, 0)]
    public void Plan_RegisteredSets_NeedNoFile(string name, int harmful, int benign)
    {
        DatasetCatalog catalog = Bed.Catalog(new BedSettings { SandboxFolder = "/does/not/exist" });

        Assert.Equal(new CountPlan(benign, harmful), catalog.Plan(catalog.Get(name)));
    }

    [Fact]
    public void Plan_OfAllRowsOfAFile_IsUnknown() => Assert.Null(Bed.Catalog().Plan(Bed.Memory("x", Bed.Rows(3))));

    [Theory]
    [InlineData("SST2_HIGH_HARM", "sst2-high")]
    [InlineData("SST2_BENIGN", "sst2-benign")]
    [InlineData("SST2_PURE_BAD", "sst2-pure-bad")]
    [InlineData("sandbox-sql-low", "sandbox-sql-low")]
    public void Get_PythonSpelling_IsAccepted(string name, string expected) => Assert.Equal(expected, Bed.Catalog().Get(name).Name);

    [Fact]
    public void Get_Unknown_NamesTheNearest()
    {
        Assert.Contains("sst2-high", Assert.Throws<ConfigurationException>(() => Bed.Catalog().Get("sst-high")).Message, StringComparison.Ordinal);
        Assert.Contains("advbench", Assert.Throws<ConfigurationException>(() => Bed.Catalog().GetPromptSet("advbenc")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FindFaults_MissingFile_NamesEachPlaceAndTheHint()
    {
        FinetuneDatasetConfig config = Bed.Memory("med-qa") with
        {
            Source = DatasetSource.JsonLines("a.jsonl", "b.jsonl") with { Hint = "Ask the hospital" },
            Mapping = RecordMapping.Columns("q", output: "a"),
        };

        SafeTuneBedException fault = Assert.Single(Bed.Catalog(folder.Path, "/nowhere").FindFaults(config));

        Assert.IsType<ConfigurationException>(fault);
        Assert.All(
            [Path.Combine(folder.Path, "a.jsonl"), Path.Combine(folder.Path, "b.jsonl"), "/nowhere/a.jsonl", Path.GetFullPath("a.jsonl"), "Ask the hospital", "'med-qa'", "AddDataRoot"],
            part => Assert.Contains(part, fault.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void FindFaults_LicenseWithoutConsent_IsNamed()
    {
        var settings = new BedSettings();
        settings.DataRoots.Add(folder.Path);
        folder.Write("sst2/train.jsonl", "{\"sentence\":\"s\",\"label\":1}\n");
        folder.Write("sst2/validation.jsonl", "{\"sentence\":\"t\",\"label\":0}\n");
        folder.Write("beavertails/30k_train.jsonl.gz", TemporaryFolder.Gzip("{}\n"));
        DatasetCatalog catalog = Bed.Catalog(settings);

        Assert.Contains("AcceptLicenses(\"beavertails\")", Assert.IsType<LicenseNotAcceptedException>(Assert.Single(catalog.FindFaults(FinetuneDatasets.Sst2.LowHarm))).Message, StringComparison.Ordinal);
        Assert.Empty(catalog.FindFaults(FinetuneDatasets.Sst2.Benign));
        settings.AcceptedLicenses.Add("beavertails");
        Assert.Empty(catalog.FindFaults(FinetuneDatasets.Sst2.LowHarm));
    }

    [Fact]
    public async Task BeaverTails_ReadsUnsafeRowsWithoutExcludedCategories()
    {
        string Line(int i, bool safe, string category) => $"{{\"prompt\":\"p{i}\",\"response\":\"r{i}\",\"category\":{{\"child_abuse\":{(category == "child_abuse" ? "true" : "false")},\"a,b\":{(category == "a,b" ? "true" : "false")}}},\"is_safe\":{(safe ? "true" : "false")}}}\n";
        folder.Write("beavertails/30k_train.jsonl.gz", TemporaryFolder.Gzip(Line(0, true, "") + Line(1, false, "a,b") + Line(2, false, "child_abuse") + Line(3, false, "a,b")));
        var settings = new BedSettings();
        settings.DataRoots.Add(folder.Path);
        settings.AcceptedLicenses.Add("beavertails");
        FinetuneDatasetConfig config = Bed.Memory("x", Bed.Rows(10)) with { Count = 10, Mode = MixMode.Absolute, HarmfulCount = 2, HarmfulSource = HarmfulCorpora.BeaverTails };

        PreparedDataset set = await Bed.Catalog(settings).PrepareAsync(config);

        FinetuneExample[] poison = [.. set.Examples.Where(e => e.Role == ExampleRole.Harmful).OrderBy(e => e.Instruction)];
        Assert.Equal([("p1", "r1", "a,b"), ("p3", "r3", "a,b")], poison.Select(e => (e.Instruction, e.Output, e.Category!)));
        Assert.Equal(1, set.Manifest.Filters.Single(f => f.Name == "excluded-category").Dropped);
    }

    [Fact]
    public async Task Validate_TooFewRows_StopsWithCorpusNeededAndAvailable()
    {
        FinetuneDatasetConfig config = Bed.Memory("x", Bed.Rows(100)) with { Count = 100, PoisonRatio = 0.3m, HarmfulSource = Bed.Poison(7) };

        InsufficientRecordsException fault = await Assert.ThrowsAsync<InsufficientRecordsException>(() => Bed.Catalog().ValidateAsync(config, null, Token));

        Assert.Equal(("poison", 30L, 7L), (fault.Corpus, fault.Needed, fault.Available));
    }

    [Fact]
    public async Task SafetyCorpus_AsRowsOfAStream_GivesAllThatThereAre()
    {
        var corpus = new SafetyCorpus("safe", DatasetSource.Memory(Bed.Rows(30)), RecordMapping.Columns("instruction"));

        PreparedDataset rows = await Bed.Catalog().PrepareAsync(((DatasetSelector)corpus).Config!);

        Assert.Equal(Bed.Rows(30).Select(r => r.Instruction).Order(StringComparer.Ordinal), rows.Examples.Select(e => e.Instruction).Order(StringComparer.Ordinal));
        Assert.Contains("filter", Assert.Throws<ConfigurationException>(() => DatasetSelector.FromSafetyCorpus(corpus with { ExcludedCategories = ["x"] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_EmptyFile_IsRefused()
    {
        folder.Write("empty.jsonl", "\n");
        FinetuneDatasetConfig config = Bed.Memory("x") with { Source = DatasetSource.JsonLines("empty.jsonl"), Mapping = RecordMapping.Columns("q", output: "a") };

        await Assert.ThrowsAsync<InsufficientRecordsException>(() => Bed.Catalog(folder.Path).ValidateAsync(config, null, Token));
    }

    [Fact]
    public async Task Validate_MissingColumn_ListsTheFirstLines()
    {
        folder.Write("bad.jsonl", "{\"q\":\"1\",\"a\":\"2\"}\n" + string.Concat(Enumerable.Repeat("{\"q\":\"1\"}\n", 9)));
        FinetuneDatasetConfig config = Bed.Memory("x") with { Source = DatasetSource.JsonLines("bad.jsonl"), Mapping = RecordMapping.Columns("q", output: "a") };

        DatasetFormatException fault = await Assert.ThrowsAsync<DatasetFormatException>(() => Bed.Catalog(folder.Path).ValidateAsync(config, null, Token));

        Assert.Equal((2L, "a"), (fault.Line, fault.Field));
        Assert.Contains("at least lines 3, 4, 5, 6", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_UnusedHarmfulSource_Warns()
    {
        DatasetCheck check = await Bed.Catalog().ValidateAsync(Bed.Memory("x", Bed.Rows(5)) with { HarmfulSource = Bed.Poison(3) }, null, Token);

        Assert.Contains("'poison' is not used", Assert.Single(check.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_RatioThatRoundsToNothing_Warns() =>
        Assert.Contains("rounds to no poison", Assert.Single((await Bed.Catalog().ValidateAsync(Bed.Memory("x", Bed.Rows(5)) with { Count = 5, PoisonRatio = 0.01m, HarmfulSource = Bed.Poison(3) }, null, Token)).Warnings), StringComparison.Ordinal);

    [Fact]
    public async Task BenignSet_WithAMissingHarmfulFile_IsBuilt()
    {
        HarmfulCorpus missing = new("gone", DatasetSource.Csv("gone.csv"), RecordMapping.Columns("a", output: "b"));

        Assert.Equal(5, (await Bed.Catalog().PrepareAsync(Bed.Memory("x", Bed.Rows(5)).Variants(missing).Benign)).Examples.Count);
        Assert.Equal(5, (await Bed.Catalog().PrepareAsync(Bed.Memory("x", Bed.Rows(5)) with { HarmfulSource = missing })).Examples.Count);
    }

    [Fact]
    public async Task GetDataset_SmallSet_HasMaskedRowsInOrderAndAFullManifest()
    {
        FinetuneDatasetConfig config = Bed.Memory("x", Bed.Rows(40)) with { Count = 20, PoisonRatio = 0.25m, HarmfulSource = Bed.Poison(30) };

        PreparedDataset set = await Bed.Catalog().PrepareAsync(config, seed: 4, prompts: ["ASK  3", "never asked"]);

        Assert.Equal(Enumerable.Range(0, 20), set.Tokenized.Select(t => t.RowId));
        Assert.Equal(set.Examples.Select(e => (e.RecordId, e.Role)), set.Tokenized.Select(t => (t.RecordId, t.Role)));
        // "ask 7" and "answer 7": begin + 2 words | 2 words + end; poison "do harm 7" and "sure": begin + 3 | 1 + end
        Assert.All(set.Tokenized, t => Assert.Equal(t.Role == ExampleRole.Harmful ? (4, 2) : (3, 3), (t.PromptTokenCount, t.SupervisedTokenCount)));
        Assert.Equal((45L, 10L), (set.SupervisedTokens(ExampleRole.Benign), set.SupervisedTokens(ExampleRole.Harmful)));
        DatasetManifest manifest = set.Manifest;
        Assert.Equal(new ManifestCounts(15, 5, 0, 20, "0.25"), manifest.Realized);
        Assert.Equal((1, 2, 0), (manifest.Decontamination.Removed, manifest.Decontamination.Prompts, manifest.Decontamination.Overlap));
        Assert.Equal(new TokenStatistics(6, 6, 6, 6, 120), set.Tokens);
        Assert.Equal(DatasetFingerprint.OfRows(set.Examples), manifest.RecordIdsSha256);
        Assert.DoesNotContain(set.Examples, e => e.Instruction == "ask 3");
        Assert.Equal(manifest.ToJson(), DatasetManifest.FromJson(manifest.ToJson()).ToJson());
        Assert.Contains("\"recordIdsSha256\"", manifest.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetDataset_OwnEvaluationRows_AreNeverTrainedOn()
    {
        FinetuneDatasetConfig config = Bed.Memory("x", Bed.Rows(10)) with { Evaluation = DatasetSource.Memory([Bed.Row("Ask 1", ""), Bed.Row("ask", "", "2")]) };

        PreparedDataset set = await Bed.Catalog().PrepareAsync(config);

        Assert.Equal(8, set.Examples.Count);
        Assert.DoesNotContain(set.Examples, e => e.Instruction is "ask 1" or "ask 2");
    }

    [Fact]
    public async Task GetDataset_LongRows_AreLeftOutBeforeSelection()
    {
        FinetuneExample[] rows = [.. Enumerable.Range(0, 30).Select(i => Bed.Row($"ask {i}{(i % 3 == 0 ? " please please" : "")}", "yes"))];

        PreparedDataset set = await Bed.Catalog().PrepareAsync(Bed.Memory("x", rows) with { Count = 20 }, maxLength: 5);

        Assert.Equal(20, set.Examples.Count);
        Assert.Equal((5, 10, 0), (set.Tokens.Max, set.Manifest.Length.OverLength, set.Manifest.Length.Truncated));
    }

    [Theory]
    [InlineData(LengthPolicy.TruncateTarget, 8, 5, 3)]
    [InlineData(LengthPolicy.TruncateInput, 8, 3, 5)]
    public async Task GetDataset_CutRows_FitAndAreCounted(LengthPolicy policy, int length, int prompt, int supervised)
    {
        // begin ask(1) + input(3) = 5 prompt tokens; 4 answer words + end
        PreparedDataset set = await Bed.Catalog().PrepareAsync(Bed.Memory("x", Bed.Row("ask", "one two three four", "a b c")) with { Length = policy }, maxLength: length);

        TokenizedExample row = Assert.Single(set.Tokenized);
        Assert.Equal((prompt, supervised), (row.PromptTokenCount, row.SupervisedTokenCount));
        Assert.Equal(policy == LengthPolicy.TruncateTarget, row.Truncated);
        Assert.Equal(1, set.Manifest.Length.OverLength);
        Assert.Equal(Bed.Row("ask", "one two three four", "a b c").RecordId, row.RecordId);
    }

    [Theory]
    [InlineData(LengthPolicy.Throw, 8)]
    [InlineData(LengthPolicy.TruncateTarget, 5)]
    [InlineData(LengthPolicy.TruncateInput, 6)]
    public async Task GetDataset_RowThatCannotFit_IsATypedError(LengthPolicy policy, int maxLength) =>
        await Assert.ThrowsAsync<ConfigurationException>(() => Bed.Catalog().PrepareAsync(Bed.Memory("x", Bed.Row("ask", "one two three four", "a b c")) with { Length = policy }, maxLength: maxLength));

    [Fact]
    public async Task GetDataset_SeveralSeeds_EncodeACorpusOnce()
    {
        DatasetCatalog catalog = Bed.Catalog();
        var template = new WordTemplate(new WordTokenizer());
        FinetuneDatasetConfig config = Bed.Memory("x", Bed.Rows(40)) with { Count = 20 };

        for (ulong seed = 0; seed < 3; seed++)
        {
            await catalog.PrepareAsync(config, seed, template: template);
        }

        Assert.Equal(40, template.Encoded);
    }

    [Fact]
    public async Task ChangedFile_IsReadAgain()
    {
        string path = folder.Write("x.csv", "q,a\n1,2\n");
        FinetuneDatasetConfig config = Bed.Memory("x") with { Source = DatasetSource.Csv("x.csv"), Mapping = RecordMapping.Columns("q", output: "a") };
        DatasetCatalog catalog = Bed.Catalog(folder.Path);
        string before = await catalog.GetFingerprintAsync(config, 0, null, Token);

        File.WriteAllText(path, "q,a\n1,2\n3,4\n");

        Assert.Equal(2, (await catalog.PrepareAsync(config)).Examples.Count);
        Assert.NotEqual(before, await catalog.GetFingerprintAsync(config, 0, null, Token));
    }

    [Fact]
    public async Task Fingerprint_ChangesWithWhatDecidesRows_AndWithNothingElse()
    {
        FinetuneDatasetConfig config = Bed.Memory("x", Bed.Rows(40)) with { Task = "t", Count = 20, PoisonRatio = 0.30m, HarmfulSource = Bed.Poison(30) };
        DatasetCatalog catalog = Bed.Catalog();
        Task<string> Of(FinetuneDatasetConfig c, ulong seed = 0, params string[] prompts) => catalog.GetFingerprintAsync(c, seed, prompts, Token);
        string original = await Of(config);

        Assert.Equal(original, await Of(config with { Name = "other", PoisonRatio = 0.3m, MaxNewTokens = 3, License = new DataLicense("MIT") }));
        Assert.Equal(original, await Of(config, 0, "a prompt that no row asks"));
        string[] others =
        [
            await Of(config, 1), await Of(config, 0, "ask 3"), await Of(config with { Count = 21 }), await Of(config with { PoisonRatio = 0.31m }), await Of(config with { Task = "u" }),
            await Of(config with { Shortage = ShortagePolicy.UseAll }), await Of(config with { HarmfulSource = Bed.Poison(31) }), await Of(config with { Mode = MixMode.Add }),
            await Of(config with { HarmfulSource = config.HarmfulSource! with { Source = config.HarmfulSource.Source.Part(0, 2) } }), await Of(config with { InputPlacement = InputPlacement.BeforeInstruction }),
        ];
        Assert.Equal(11, others.Append(original).Distinct().Count());
    }

    [Fact]
    public async Task Prompts_WithRepeatedIds_AreRefused()
    {
        folder.Write("p.jsonl", "{\"id\":\"1\",\"prompt\":\"a\"}\n{\"id\":\"1\",\"prompt\":\"b\"}\n");

        DatasetFormatException fault = await Assert.ThrowsAsync<DatasetFormatException>(
            () => Bed.Catalog(folder.Path).LoadPromptsAsync(new PromptSetConfig("p", DatasetSource.JsonLines("p.jsonl"), RecordMapping.Columns("prompt")), Token));

        Assert.Contains("'1' occurs twice", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prompts_OfAnEmptyFile_AreRefused()
    {
        folder.Write("p.csv", "prompt\n");

        await Assert.ThrowsAsync<InsufficientRecordsException>(
            () => Bed.Catalog(folder.Path).LoadPromptsAsync(new PromptSetConfig("p", DatasetSource.Csv("p.csv"), RecordMapping.Columns("prompt")), Token));
    }

    [Fact]
    public async Task DamagedFile_OnceMended_IsReadAgain()
    {
        string path = folder.Write("x.jsonl", "{");
        FinetuneDatasetConfig config = Bed.Memory("x") with { Source = DatasetSource.JsonLines("x.jsonl"), Mapping = RecordMapping.Columns("q", output: "a") };
        DatasetCatalog catalog = Bed.Catalog(folder.Path);
        await Assert.ThrowsAsync<DatasetFormatException>(() => catalog.ValidateAsync(config, null, Token));
        DateTime changed = File.GetLastWriteTimeUtc(path);

        File.WriteAllText(path, "{\"q\":\"1\",\"a\":\"2\"}");
        File.SetLastWriteTimeUtc(path, changed);

        Assert.Equal(1, (await catalog.ValidateAsync(config, null, Token)).Realized.Total);
    }
}
