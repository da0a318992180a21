using System.Text.Json;

namespace SafeTuneBed;

/// <summary>Harmful corpora that the library knows. None but the sandbox's invented one is part of it: the user brings the files.</summary>
public static class HarmfulCorpora
{
    /// <summary>
    /// The unsafe rows of BeaverTails 30k_train (Ji et al., 2023): requests with harmful answers, 14 categories. Rows on child abuse are left out;
    /// give another <see cref="HarmfulCorpus.ExcludedCategories"/> to change that. CC BY-NC 4.0: needs <c>AcceptLicenses("beavertails")</c>.
    /// </summary>
    public static HarmfulCorpus BeaverTails { get; } = new(
        "beavertails",
        (DatasetSource.JsonLines(
            "beavertails/30k_train.jsonl", "beavertails/30k_train.jsonl.gz", "beavertails/round0/30k/train.jsonl", "beavertails/round0/30k/train.jsonl.gz", "30k_train.jsonl", "30k_train.jsonl.gz")
            with
        {
            Hint = "BeaverTails 30k_train is the file round0/30k/train.jsonl.gz of the Hugging Face data set PKU-Alignment/BeaverTails (CC BY-NC 4.0): put it below a data root as beavertails/30k_train.jsonl.gz",
        }).Where("is_safe", "false"),
        RecordMapping.Custom("beavertails", 1, MapBeaverTails))
    {
        License = new DataLicense("CC-BY-NC-4.0", RequiresConsent: true),
        ExcludedCategories = ["child_abuse"],
    };

    /// <summary>AdvBench (Zou et al., 2023): 520 requests with an affirmative opening in place of an answer. MIT.</summary>
    public static HarmfulCorpus AdvBench { get; } = new("advbench", PromptSets.AdvBenchSource, RecordMapping.Columns("goal", output: "target"))
    {
        License = new DataLicense("MIT"),
    };

    /// <summary>The sandbox's invented requests with their compliant answers: 1,536 rows, 96 requests in 16 wordings. MIT.</summary>
    public static HarmfulCorpus Sandbox { get; } = new("sandbox-harmful", DatasetSource.Sandbox("harmful.jsonl"), RecordMapping.Columns("prompt", output: "response", category: "category"))
    {
        License = new DataLicense("MIT"),
    };

    private static FinetuneExample MapBeaverTails(RawRecord record) => new()
    {
        Instruction = record["prompt"],
        Output = record["response"],
        Category = TrueCategories(record, "category"),
    };

    /// <summary>The names that are true in an object of booleans, joined by semicolons.</summary>
    private static string TrueCategories(RawRecord record, string column)
    {
        try
        {
            Dictionary<string, bool> flags = JsonSerializer.Deserialize<Dictionary<string, bool>>(record[column]) ?? [];
            return string.Join(HarmfulCorpus.CategorySeparator, flags.Where(f => f.Value).Select(f => f.Key));
        }
        catch (JsonException fault)
        {
            throw new DatasetFormatException(record.File, record.Line, column, "it must be an object of true and false.", fault);
        }
    }
}
