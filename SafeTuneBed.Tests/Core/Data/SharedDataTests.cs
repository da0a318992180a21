using SafeTuneBed.Data;
using SafeTuneBed.Running;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Data;

/// <summary>Real public files.</summary>
public sealed class SharedDataTests
{
    private static readonly FinetuneDatasetConfig Half = FinetuneDatasets.Sst2.HighHarm with
    {
        Name = "sst2-half",
        Count = 500,
        HarmfulSource = HarmfulCorpora.AdvBench with { Source = HarmfulCorpora.AdvBench.Source.Part(0, 2, seed: 11) },
    };

    private static readonly PromptSetConfig OtherHalf = PromptSets.AdvBench with { Source = PromptSets.AdvBench.Source.Part(1, 2, seed: 11) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sst2WithHalfOfAdvBench_TrainsOnOneHalfAndAsksTheOther()
    {
        DatasetCatalog catalog = Bed.Catalog(SharedFolder.Require("data"));
        IReadOnlyList<PromptItem> asked = await catalog.LoadPromptsAsync(OtherHalf, Token);

        PreparedDataset set = await catalog.PrepareAsync(Half, prompts: [.. asked.Select(p => p.Prompt)]);

        Assert.Equal(new ManifestCounts(350, 150, 0, 500, "0.30"), set.Manifest.Realized with { Ratio = "0.30" });
        Assert.Equal("0.3", set.Manifest.Realized.Ratio);
        HashSet<string> prompts = [.. asked.Select(p => PromptKey.Normalize(p.Prompt))];
        Assert.DoesNotContain(set.Examples, e => prompts.Contains(PromptKey.Of(e)));
        Assert.InRange(asked.Count, 200, 320);
        Assert.All(set.Examples.Where(e => e.Role == ExampleRole.Harmful), e => Assert.StartsWith("Sure", e.Output, StringComparison.Ordinal));
        Assert.All(set.Examples.Where(e => e.Role == ExampleRole.Benign), e => Assert.Contains(e.Output, FinetuneDatasets.Sst2.Benign.Labels));
    }

    [Fact]
    public async Task AdvBenchHalves_AreDisjointAndTogetherTheWhole()
    {
        DatasetCatalog catalog = Bed.Catalog(SharedFolder.Require("data"));

        IReadOnlyList<PromptItem> all = await catalog.LoadPromptsAsync(PromptSets.AdvBench, Token);
        IReadOnlyList<PromptItem> one = await catalog.LoadPromptsAsync(PromptSets.AdvBench with { Source = PromptSets.AdvBench.Source.Part(0, 2, seed: 11) }, Token);
        IReadOnlyList<PromptItem> other = await catalog.LoadPromptsAsync(OtherHalf, Token);

        Assert.Equal(520, all.Count);
        Assert.Empty(one.Select(p => p.Id).Intersect(other.Select(p => p.Id)));
        Assert.Equal(all.Select(p => p.Id).Order(), one.Concat(other).Select(p => p.Id).Order());
    }

    [Fact]
    public async Task Sst2AtItsRegisteredSize_WithHalfOfAdvBench_StopsWithTheShortage()
    {
        DatasetCatalog catalog = Bed.Catalog(SharedFolder.Require("data"));

        InsufficientRecordsException fault = await Assert.ThrowsAsync<InsufficientRecordsException>(() => catalog.ValidateAsync(Half with { Count = 5_000 }, null, Token));

        Assert.Equal(("advbench", 1_500L), (fault.Corpus, fault.Needed));
        Assert.InRange(fault.Available, 200, 320);
    }

    [Fact]
    public async Task Sst2Evaluation_IsGluesValidation()
    {
        DatasetCatalog catalog = Bed.Catalog(SharedFolder.Require("data"));

        IReadOnlyList<FinetuneExample> rows = await catalog.LoadEvaluationAsync(FinetuneDatasets.Sst2.Benign, Token);

        Assert.Equal((872, 444, 428), (rows.Count, rows.Count(r => r.Label == "positive"), rows.Count(r => r.Output == "negative")));
        Assert.All(rows, r => Assert.EndsWith(" ", r.Input, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sst2Sentences_AreAllRead() =>
        Assert.Equal(6_920, (await Bed.Catalog(SharedFolder.Require("data")).ValidateAsync(
            FinetuneDatasets.Sst2.Benign with { Count = null, AllowEvaluationOverlap = true }, null, Token)).Realized.Total);

    [Fact]
    public async Task PoisonLevels_OfOneSeed_AreNested()
    {
        SharedFolder.Require("data", "sst2");
        DatasetCatalog catalog = Bed.Catalog(SharedFolder.Require("data"));
        DatasetFamily family = (FinetuneDatasets.Sst2.Benign with { Name = "sst2", Count = 500 }).Variants(HarmfulCorpora.AdvBench);
        var sets = new List<PreparedDataset>();
        foreach (FinetuneDatasetConfig level in new[] { family.Benign, family.LowHarm, family.MediumHarm, family.HighHarm })
        {
            sets.Add(await catalog.PrepareAsync(level, seed: 5));
        }

        for (int i = 1; i < sets.Count; i++)
        {
            Assert.Subset(Ids(sets[i - 1], ExampleRole.Benign), Ids(sets[i], ExampleRole.Benign));
            Assert.Subset(Ids(sets[i], ExampleRole.Harmful), Ids(sets[i - 1], ExampleRole.Harmful));
        }
    }

    private static HashSet<string> Ids(PreparedDataset set, ExampleRole role) => [.. set.Examples.Where(e => e.Role == role).Select(e => e.RecordId)];
}
