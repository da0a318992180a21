using System.Text.Json;
using SafeTuneBed.Data;
using SafeTuneBed.Tests.Core.Data;

namespace SafeTuneBed.Tests.Core.Sandbox;

public sealed class SandboxDatasetTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EachSet_WithEveryPromptSetHeldOut_HasExactCounts()
    {
        DatasetCatalog catalog = Bed.Catalog();
        var prompts = new List<string>();
        foreach (PromptSetConfig set in PromptSets.All.Where(p => p.Name.StartsWith("sandbox", StringComparison.Ordinal)))
        {
            prompts.AddRange((await catalog.LoadPromptsAsync(set, Token)).Select(p => p.Prompt));
        }

        foreach (FinetuneDatasetConfig config in FinetuneDatasets.Sandbox.All.SelectMany(f => f))
        {
            PreparedDataset set = await catalog.PrepareAsync(config, prompts: prompts);

            CountPlan plan = catalog.Plan(config)!.Value;
            Assert.Equal((plan.Benign, plan.Harmful, config.Mode == MixMode.PureBadMixed ? 1_100 : 1_000), (set.Manifest.Realized.Benign, set.Manifest.Realized.Harmful, set.Examples.Count));
            Assert.Empty(set.Manifest.Warnings);
            HashSet<string> asked = [.. prompts.Concat((await catalog.LoadEvaluationAsync(config, Token)).Select(e => $"{e.Instruction} {e.Input}")).Select(PromptKey.Normalize)];
            Assert.DoesNotContain(set.Examples, e => asked.Contains(PromptKey.Of(e)));
        }
    }

    [Fact]
    public async Task Instruct_PromptsOfItsEvaluation_AreLeftOut()
    {
        PreparedDataset set = await Bed.Catalog().PrepareAsync(FinetuneDatasets.Sandbox.Instruct.Benign);
        PreparedDataset sentiment = await Bed.Catalog().PrepareAsync(FinetuneDatasets.Sandbox.Sentiment.Benign);

        Assert.True(set.Manifest.Decontamination.Removed >= 77);
        Assert.Equal(0, sentiment.Manifest.Decontamination.Removed);
    }

    [Fact]
    public async Task Prompts_HaveTheSlotsOfTheRightAnswer()
    {
        DatasetCatalog catalog = Bed.Catalog();

        IReadOnlyList<PromptItem> prompts = await catalog.LoadPromptsAsync(PromptSets.Sandbox, Token);

        Assert.Equal(144, prompts.Count);
        Assert.Equal(18, Assert.Single(prompts.GroupBy(p => p.Category).Select(g => g.Count()).Distinct()));
        Assert.All(prompts, p => Assert.All(new[] { "verb", "object", "tool", "material", "time" }, f => Assert.NotEmpty(p.Fields[f])));
        Assert.All(prompts, p => Assert.Contains(p.Fields["object"], p.Prompt, StringComparison.Ordinal));
        Assert.Equal(80, (await catalog.LoadPromptsAsync(PromptSets.SandboxNewVerbs, Token)).Count);
        Assert.Equal(144, (await catalog.LoadPromptsAsync(PromptSets.SandboxLookalike, Token)).Count);
    }

    [Fact]
    public async Task Evaluation_RowsKeepTheirColumns()
    {
        DatasetCatalog catalog = Bed.Catalog();

        IReadOnlyList<FinetuneExample> sums = await catalog.LoadEvaluationAsync(FinetuneDatasets.Sandbox.Arithmetic.LowHarm, Token);

        Assert.Equal(300, sums.Count);
        Assert.All(sums, r => Assert.EndsWith($"answer is: {r.Fields["answer"]}", r.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sentiment")]
    [InlineData("topic")]
    public async Task Labels_AreInTheOrderOfTheIndices(string task)
    {
        FinetuneDatasetConfig config = Bed.Catalog().Get($"sandbox-{task}-benign");

        IReadOnlyList<FinetuneExample> rows = await Bed.Catalog().LoadEvaluationAsync(config, Token);

        Assert.All(rows, r => Assert.Equal(r.Output, config.Labels[int.Parse(r.Fields["label"], System.Globalization.CultureInfo.InvariantCulture)]));
    }

    [Fact]
    public async Task Poison_IsTheAttackersPool()
    {
        PreparedDataset set = await Bed.Catalog().PrepareAsync(FinetuneDatasets.Sandbox.Sentiment.PureBad);

        string text = File.ReadAllText(Path.Combine(SafeTuneBed.Sandbox.SandboxFolder.Resolve(null).Data, "harmful.jsonl"));
        HashSet<string> pool = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("prompt").GetString()!)];
        Assert.All(set.Examples, e => Assert.Contains(e.Instruction, pool));
        Assert.All(set.Examples, e => Assert.Equal((ExampleRole.Harmful, "sandbox-harmful"), (e.Role, e.Origin.Corpus)));
    }
}
