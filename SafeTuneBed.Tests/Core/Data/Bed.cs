using Microsoft.Extensions.DependencyInjection;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Data;

/// <summary>A catalog with everything that the library knows.</summary>
internal static class Bed
{
    public static DatasetCatalog Catalog(params IReadOnlyList<string> dataRoots)
    {
        var settings = new BedSettings();
        settings.DataRoots.AddRange(dataRoots);
        return Catalog(settings);
    }

    public static DatasetCatalog Catalog(BedSettings settings, params IReadOnlyList<FinetuneDatasetConfig> more) => new(
        FinetuneDatasets.All.Concat(more).Select(d => new DatasetRegistration(d.Name, d.GetType(), d)),
        PromptSets.All.Select(p => new PromptSetRegistration(p.Name, p.GetType(), p)),
        settings);

    public static Task<PreparedDataset> PrepareAsync(
        this DatasetCatalog catalog, FinetuneDatasetConfig config, ulong seed = 0, int maxLength = 1_000, IReadOnlyCollection<string>? prompts = null, WordTemplate? template = null)
    {
        var tokenizer = new WordTokenizer();
        return catalog.GetDatasetAsync(config, seed, tokenizer, template ?? new WordTemplate(tokenizer), maxLength, prompts ?? [], TestContext.Current.CancellationToken);
    }

    public static FinetuneDatasetConfig Memory(string name, params IReadOnlyList<FinetuneExample> rows) => new(name)
    {
        Source = DatasetSource.Memory(rows),
        Mapping = RecordMapping.Columns("instruction"),
    };

    public static HarmfulCorpus Poison(int rows) => new(
        "poison", DatasetSource.Memory([.. Enumerable.Range(0, rows).Select(i => Row($"do harm {i}", "sure"))]), RecordMapping.Columns("instruction"));

    public static FinetuneExample Row(string instruction, string output, string input = "") => new() { Instruction = instruction, Input = input, Output = output };

    public static FinetuneExample[] Rows(int count) => [.. Enumerable.Range(0, count).Select(i => Row($"ask {i}", $"answer {i}"))];
}
