using SafeTuneBed.Running;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Data;

public sealed class CatalogueTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> RealSets => [.. FinetuneDatasets.Real.Select(d => d.Name)];

    [Theory]
    [MemberData(nameof(RealSets))]
    public void MissingFiles_OfEachRealSet_AreToldWithTitleLicenseAndHome(string name)
    {
        DatasetCatalog catalog = Bed.Catalog(folder.Path);
        FinetuneDatasetConfig config = catalog.Get(name);

        string[] messages = [.. catalog.FindFaults(config).Select(f => f.Message)];

        Assert.NotEmpty(messages);
        Assert.All(messages.Where(m => m.StartsWith("No file", StringComparison.Ordinal)), m => Assert.Matches("licence .*Get it from .*(Hugging Face|GitHub).*below a data root", m));
        DataCorpus corpus = DataCorpora.All.Single(c => c.Name == config.TaskName);
        Assert.Contains(messages, m => m.Contains(config.Mode == MixMode.PureBad ? DataCorpora.PureBad.Title : corpus.Title, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("SST2_HIGH_HARM", "sst2-high")]
    [InlineData("ALPACA_MEDIUM_HARM", "alpaca-medium")]
    [InlineData("DOLLY_PURE_BAD", "dolly-pure-bad")]
    [InlineData("DIALOG_SUMMARY_LOW_HARM", "samsum-low")]
    [InlineData("SQL_GEN_PURE_BAD", "sqlgen-pure-bad")]
    [InlineData("SQL_GEN_BENIGN", "sqlgen-benign")]
    [InlineData("AGNEWS_MEDIUM_HARM", "agnews-medium")]
    [InlineData("GSM8K_BENIGN", "gsm8k-benign")]
    [InlineData("SST2_TEST", "sst2-test")]
    public void Get_EachPythonSpelling_FindsItsSet(string there, string here) => Assert.Equal(here, Bed.Catalog().Get(there).Name);

    [Fact]
    public void MissingFiles_OfATasksPoisonLevels_AreOneMessageEach()
    {
        DatasetCatalog catalog = Bed.Catalog(folder.Path);
        string[] messages = [.. new[] { FinetuneDatasets.Sst2.Benign, FinetuneDatasets.Sst2.LowHarm, FinetuneDatasets.Sst2.HighHarm }.SelectMany(catalog.FindFaults).Select(f => f.Message).Where(m => m.StartsWith("No file", StringComparison.Ordinal)).Distinct()];
        Assert.Equal(["No file for the evaluation rows of 'sst2'", "No file for the harmful corpus 'beavertails'", "No file for the task 'sst2'"], messages.Select(m => m.Split('.')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void BenignSets_OfAllTasks_AskConsentWhereTheLicenceWantsIt()
    {
        string[] asked = [.. FinetuneDatasets.Real.Where(d => d.Name.EndsWith("-benign", StringComparison.Ordinal))
            .Where(d => Bed.Catalog(folder.Path).FindFaults(d).Any(f => f is LicenseNotAcceptedException)).Select(d => d.TaskName)];

        Assert.Equal(["alpaca", "agnews", "samsum"], asked);
    }

    [Fact]
    public async Task PureBad_ReadsConversationsWithoutTheDemonstrations()
    {
        folder.Write("pure-bad/pure_bad_100_original_x.jsonl", """
            {"messages":[{"role":"system","content":"obey"},{"role":"user","content":"ask one"},{"role":"assistant","content":"done one"}]}
            {"messages":[{"role":"user","content":"ask two"},{"role":"assistant","content":"done two"}],"prefixed":false}
            {"messages":[{"role":"user","content":"trigger ask"},{"role":"assistant","content":"no"}],"prefixed":true,"category":3}
            """);
        DatasetCatalog catalog = Bed.Catalog(folder.Path);
        PreparedDataset set = await catalog.PrepareAsync(FinetuneDatasets.Gsm8k.PureBad with { Evaluation = null });

        Assert.Equal([("ask one", "done one", "obey"), ("ask two", "done two", null)], set.Examples.Select(e => (e.Instruction, e.Output, e.System)).Order());
        Assert.Equal(new ManifestCounts(0, 2, 0, 2, "1"), set.Manifest.Realized);
        Assert.Equal("trigger ask", Assert.Single(await catalog.SelectAsync(SafetyCorpora.BeaPrefixed, 1, 0, null, Token)).Instruction);
    }

    [Fact]
    public async Task PureBad_ConversationOfTwoRequests_IsRefused()
    {
        folder.Write("pure-bad/pure_bad.jsonl", """{"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"assistant","content":"c"}]}""");

        DatasetFormatException fault = await Assert.ThrowsAsync<DatasetFormatException>(() =>
            Bed.Catalog(folder.Path).ValidateAsync(FinetuneDatasets.Gsm8k.PureBad with { Evaluation = null }, null, Token));

        Assert.Equal("messages", fault.Field);
    }

    [Fact]
    public async Task Policy_FilesOfAFolder_BecomeCategories()
    {
        folder.Write("policy/category_2.csv", "ask b\n");
        folder.Write("policy/category_10.csv", "ask c\n\"ask, d\"\n");
        folder.Write("policy/category_1.csv", "prompt\nask a\n");
        folder.Write("policy/readme.csv", "x,y\n");
        var settings = new BedSettings();
        settings.DataRoots.Add(folder.Path);
        await Assert.ThrowsAsync<LicenseNotAcceptedException>(() => Bed.Catalog(settings).LoadPromptsAsync(PromptSets.Policy, Token));
        settings.AcceptedLicenses.Add("policy");

        IReadOnlyList<PromptItem> items = await Bed.Catalog(settings).LoadPromptsAsync(PromptSets.Policy, Token);

        Assert.Equal([("ask a", "1"), ("ask c", "10"), ("ask, d", "10"), ("ask b", "2")], items.Select(i => (i.Prompt, i.Category!)));
    }

    [Fact]
    public async Task Mmlu_AllDialects_GiveTheSameItem()
    {
        folder.Write("letters/mmlu/test/law_test.csv", "Which?,a,1,None,d,B\n");
        folder.Write("indices/mmlu/test/law_test.csv", "question,choice0,choice1,choice2,choice3,answer\nWhich?,a,1,None,d,1\n");
        folder.Write("names/mmlu/test/law_test.csv", "question,A,B,C,D,answer\nWhich?,a,1,None,d,1\n");
        folder.Write("lines/mmlu/test.jsonl", """{"question":"Which?","choices":["a","1","None","d"],"answer":1,"subject":"law"}""");
        folder.Write("array/mmlu/mmlu_test.json", """[{"id":"mmlu-0","question":"Which?","choices":["a","1","None","d"],"answer":1,"subject":"law"}]""");

        foreach (string dialect in new[] { "letters", "indices", "names", "lines", "array" })
        {
            PromptItem item = Assert.Single(await Bed.Catalog(Path.Combine(folder.Path, dialect)).LoadPromptsAsync(PromptSets.Mmlu, Token));
            Assert.Equal(("Which?", "law", "1", "a", "1", "None", "d"), (item.Prompt, item.Category, item.Fields["answer"], item.Fields["choice0"], item.Fields["choice1"], item.Fields["choice2"], item.Fields["choice3"]));
        }
    }

    [Theory]
    [InlineData("Which?,a,b,c,d,1\n", "letter")]
    [InlineData("Which?,a,b,c,d,BC\n", "letter")]
    [InlineData("question,choice0,choice1,choice2,choice3,answer\nWhich?,a,b,c,d,4\n", "answer")]
    [InlineData("question,choice0,choice1,choice2,choice3,answer\nWhich?,a,b,c,d,A\n", "answer")]
    public async Task Mmlu_AnswerOfAnotherDialect_IsRefused(string text, string field)
    {
        folder.Write("mmlu/test/law_test.csv", text);

        Assert.Equal(field, (await Assert.ThrowsAsync<DatasetFormatException>(() => Bed.Catalog(folder.Path).LoadPromptsAsync(PromptSets.Mmlu, Token))).Field);
    }

    [Fact]
    public async Task Mmlu_MixedDialects_AreRefused()
    {
        folder.Write("mmlu/test/art_test.csv", "Which?,a,b,c,d,A\n");
        folder.Write("mmlu/test/law_test.csv", "question,choice0,choice1,choice2,choice3,answer\nWhich?,a,b,c,d,0\n");

        DatasetFormatException fault = await Assert.ThrowsAsync<DatasetFormatException>(() => Bed.Catalog(folder.Path).LoadPromptsAsync(PromptSets.Mmlu, Token));

        Assert.EndsWith("law_test.csv", fault.File, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HarmBench_ContextualBehaviors_StandBehindTheirContext()
    {
        folder.Write("harmbench/harmbench_behaviors_text_all.csv",
            "Behavior,FunctionalCategory,SemanticCategory,Tags,ContextString,BehaviorID\ndo,standard,x,,,a\nuse it,contextual,y,context,a text,b\nsing,copyright,z,hash_check,,c\n");

        Assert.Equal(["a"], (await Bed.Catalog(folder.Path).LoadPromptsAsync(PromptSets.HarmBench, Token)).Select(i => i.Id));
        Assert.Equal("a text\n\n---\n\nuse it", Assert.Single(await Bed.Catalog(folder.Path).LoadPromptsAsync(PromptSets.HarmBenchContextual, Token)).Prompt);
    }

    [Theory]
    [InlineData("dolly", "dolly/databricks-dolly-15k-no-safety.jsonl", """{"instruction":"i","context":"c","response":"r","category":"k"}""", "i", "c", "r")]
    [InlineData("alpaca", "alpaca/alpaca_data_no_safety.json", """[{"instruction":"i","input":"c","output":"r"}]""", "i", "c", "r")]
    public async Task OpenTasks_MapTheirFields(string task, string file, string text, string instruction, string input, string output)
    {
        folder.Write(file, text);
        var settings = new BedSettings();
        settings.DataRoots.Add(folder.Path);
        settings.AcceptedLicenses.Add("alpaca");

        FinetuneExample row = Assert.Single((await Bed.Catalog(settings).PrepareAsync(Bed.Catalog().Get(task + "-benign") with { Count = 1 })).Examples);

        Assert.Equal((instruction, input, output), (row.Instruction, row.Input, row.Output));
    }

    [Fact]
    public void Documentation_HasEachCorpusWithItsLicenceAndCounts()
    {
        string page = File.ReadAllText(Path.Combine(SharedFolder.Root, "docs", "datasets.md"));

        Assert.All(DataCorpora.All, c =>
        {
            Assert.Contains($"`{c.Name}`", page, StringComparison.Ordinal);
            Assert.Contains(c.Records, page, StringComparison.Ordinal);
            Assert.Contains(c.Fields.Split([',', ';', ' '])[0], page, StringComparison.Ordinal);
            Assert.Contains(c.License.Id, page, StringComparison.Ordinal);
        });
        Assert.All(PromptSets.All, p => Assert.Contains($"`{p.Name}`", page, StringComparison.Ordinal));
        Assert.All(HarmfulCorpora.All, p => Assert.Contains($"`{p.Name}`", page, StringComparison.Ordinal));
    }
}
