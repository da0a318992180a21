using System.Text.Json.Nodes;
using SafeTuneBed.Data;
using SafeTuneBed.Sandbox;

namespace SafeTuneBed.Tests.Core.Data;

public sealed class ManifestTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Manifest_OfAModelsSet_SaysAllThatAnAuditAsks()
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(b => b.AddMethods());
        PreparedDataset set = await runner.Datasets.GetDatasetAsync(FinetuneDatasets.Sandbox.Sentiment.LowHarm with { Count = 40 }, 3, ModelReference.Sandbox, cancellationToken: Token);
        JsonNode json = JsonNode.Parse(set.Manifest.ToJson())!;

        Assert.All(
            [
                "schemaVersion", "dataset", "createdUtc", "builderVersion", "seed", "mode", "requested/total", "requested/ratio", "requested/guide", "realized/benign", "realized/harmful", "realized/guide",
                "realized/total", "realized/ratio", "sources/0/corpus", "sources/0/file", "sources/0/sha256", "sources/0/bytes", "sources/0/records", "sources/0/license", "sources/0/flags", "filters/0/name",
                "filters/0/parameter", "filters/0/dropped", "shortfall", "selectionRule", "stratify", "order", "text/template", "text/templateSha256", "text/tokenizer", "text/tokenizerSha256", "text/bos",
                "text/eos", "text/vocabularySize", "text/embeddingRows", "length/max", "length/policy", "length/overLength", "length/truncated", "length/tokens/p50", "length/tokens/p90",
                "length/tokens/p99", "length/tokens/max", "supervisedTokens/benign", "supervisedTokens/harmful", "decontamination/sets", "decontamination/method", "decontamination/removed", "recordIdsSha256",
            ],
            path => Assert.True(Find(json, path) is not null, path));
        Assert.Equal(["sandbox-sentiment-evaluation"], set.Manifest.Decontamination.Sets);
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(SandboxFolder.Resolve(null).Aligned, "config.json")))!;
        Assert.Equal(config["vocab_size"]!.GetValue<int>(), set.Manifest.Text.EmbeddingRows);
        Assert.Equal(set.Tokenized.Where(t => t.Role == ExampleRole.Harmful).Sum(t => t.SupervisedTokenCount), set.Manifest.SupervisedTokens["harmful"]);
        Assert.DoesNotContain(Path.GetTempPath(), set.Manifest.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Manifest_OfTheSameSetBuiltTwice_DiffersInItsTimeAlone()
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(b => b.AddMethods());
        FinetuneDatasetConfig config = FinetuneDatasets.Sandbox.Topic.Benign with { Count = 10 };

        DatasetManifest one = (await runner.Datasets.GetDatasetAsync(config, 3, ModelReference.Sandbox, cancellationToken: Token)).Manifest;
        DatasetManifest two = (await runner.Datasets.GetDatasetAsync(config, 3, ModelReference.Sandbox, cancellationToken: Token)).Manifest;

        Assert.NotNull(one.CreatedUtc);
        Assert.Equal((one with { CreatedUtc = null }).ToJson(), (two with { CreatedUtc = null }).ToJson());
    }

    private static JsonNode? Find(JsonNode json, string path) => path.Split('/').Aggregate(
        (JsonNode?)json, (node, part) => node is JsonArray list ? list.ElementAtOrDefault(int.Parse(part, System.Globalization.CultureInfo.InvariantCulture)) : node?[part]);
}
