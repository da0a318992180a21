using SafeTuneBed.Tests.Core.Text;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Data;

/// <summary>A set from recipe, seed and model or tokenizer alone is the set that a grid trains on.</summary>
public sealed class ModelDatasetTests
{
    private static readonly FinetuneDatasetConfig High = FinetuneDatasets.Sandbox.Sentiment.HighHarm with { Count = 60 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetDataset_ByModelOrTokenizer_EqualsTheSetUnderTheModelsOwnTemplate()
    {
        DatasetCatalog catalog = Bed.Catalog();
        ModelTokenizer tokenizer = SandboxText.Tokenizer();
        PreparedDataset whole = await catalog.GetDatasetAsync(High, 7, tokenizer, SandboxText.Template("chat"), 160, [], Token);

        PreparedDataset byModel = await catalog.GetDatasetAsync(High, 7, "sandbox", cancellationToken: Token), byTokenizer = await catalog.GetDatasetAsync(High, 7, tokenizer, cancellationToken: Token);

        Assert.Equal(whole.Tokenized.Select(t => string.Join(' ', t.InputIds)), byModel.Tokenized.Select(t => string.Join(' ', t.InputIds)));
        Assert.Equal(whole.Tokenized.Select(t => string.Join(' ', t.InputIds)), byTokenizer.Tokenized.Select(t => string.Join(' ', t.InputIds)));
        Assert.All(byModel.Tokenized, t => Assert.Equal((1, 2, 4), (t.InputIds[0], t.InputIds[1], t.InputIds[^1]))); // bos, user ... end
        Assert.Equal((42, 18, 160), (byModel.Manifest.Realized.Benign, byModel.Manifest.Realized.Harmful, byModel.Manifest.Length.Max));
    }

    [Fact]
    public async Task GetDataset_TemplateOfModelAndRecipe_TheModelsWins()
    {
        DatasetCatalog catalog = Bed.Catalog();
        FinetuneDatasetConfig alpaca = High with { Template = "alpaca", Source = DatasetSource.Memory(Bed.Rows(60)), Mapping = RecordMapping.Columns("instruction"), Evaluation = null, PoisonRatio = 0 };
        Assert.Equal("alpaca", (await catalog.GetDatasetAsync(alpaca, 0, "sandbox", cancellationToken: Token)).Manifest.Text.Template);
        Assert.Equal("alpaca", (await catalog.GetDatasetAsync(alpaca, 0, SandboxText.Tokenizer(), cancellationToken: Token)).Manifest.Text.Template);
        Assert.Equal("chat", (await catalog.GetDatasetAsync(alpaca, 0, ModelReference.Sandbox with { Template = "chat" }, cancellationToken: Token)).Manifest.Text.Template);
    }

    [Fact]
    public async Task GetDataset_ShorterLimit_WinsOverRecipeAndContext()
    {
        DatasetCatalog catalog = Bed.Catalog();
        Assert.Equal(40, (await catalog.GetDatasetAsync(High, 0, "sandbox", maxLength: 40, cancellationToken: Token)).Manifest.Length.Max);
        Assert.Equal(50, (await catalog.GetDatasetAsync(High with { Training = new() { MaxLength = 50 } }, 0, "sandbox", cancellationToken: Token)).Manifest.Length.Max);
    }

    [Fact]
    public async Task GetDataset_FolderThatIsNotThere_SaysHowToGetOne()
    {
        ModelFormatException fault = await Assert.ThrowsAsync<ModelFormatException>(() => Bed.Catalog().GetDatasetAsync(High, 0, "org/name", cancellationToken: Token));
        Assert.Contains("hf download org/name", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetDataset_TokenizerOfNoFolder_AsksForMore() =>
        await Assert.ThrowsAsync<ConfigurationException>(() => Bed.Catalog().GetDatasetAsync(High, 0, new WordTokenizer(), cancellationToken: Token));
}
