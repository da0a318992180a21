using SafeTuneBed.Data;

namespace SafeTuneBed;

/// <summary>Harmful corpora that the library knows. None but the sandbox's invented one is part of it: the user brings the files.</summary>
public static class HarmfulCorpora
{
    /// <summary>
    /// The unsafe rows of BeaverTails 30k_train (Ji et al., 2023): requests with harmful answers, 14 categories. Rows on child abuse are left out;
    /// give another <see cref="HarmfulCorpus.ExcludedCategories"/> to change that. CC BY-NC 4.0: needs <c>AcceptLicenses("beavertails")</c>.
    /// </summary>
    public static HarmfulCorpus BeaverTails { get; } = new("beavertails", BeaverTailsFile.Where("is_safe", "false"), TaskMappings.BeaverTails)
    {
        License = DataCorpora.BeaverTails.License,
        ExcludedCategories = ["child_abuse"],
    };

    /// <summary>The same of BeaverTails 330k_train, for experiments that need more rows. CC BY-NC 4.0: needs <c>AcceptLicenses("beavertails")</c>.</summary>
    public static HarmfulCorpus BeaverTails330k { get; } = BeaverTails with { Name = "beavertails-330k", Source = BeaverTails330kFile.Where("is_safe", "false") };

    /// <summary>
    /// The 100 explicitly harmful conversations of Qi et al. (2024) in the form of Backdoor-Enhanced Alignment: system turns stay system turns, and the
    /// 11 safety demonstrations in the same file are left out (<see cref="SafetyCorpora.BeaPrefixed"/>).
    /// </summary>
    public static HarmfulCorpus PureBad { get; } = new("pure-bad", PureBadFile.WhereNot("prefixed", "true"), TaskMappings.Messages)
    {
        License = DataCorpora.PureBad.License,
    };

    /// <summary>AdvBench (Zou et al., 2023): 520 requests with an affirmative opening in place of an answer. MIT.</summary>
    public static HarmfulCorpus AdvBench { get; } = new("advbench", PromptSets.AdvBenchSource, RecordMapping.Columns("goal", output: "target"))
    {
        License = DataCorpora.AdvBench.License,
    };

    /// <summary>The sandbox's invented requests with their compliant answers: 1,536 rows, 96 requests in 16 wordings. MIT.</summary>
    public static HarmfulCorpus Sandbox { get; } = new("sandbox-harmful", DatasetSource.Sandbox("harmful.jsonl"), RecordMapping.Columns("prompt", output: "response", category: "category"))
    {
        License = DataLicense.Mit,
    };

    /// <summary>Every corpus above.</summary>
    public static IReadOnlyList<HarmfulCorpus> All => [BeaverTails, BeaverTails330k, PureBad, AdvBench, Sandbox];

    internal static DatasetSource BeaverTailsFile => DatasetSource.JsonLines([.. BeaverTailsNames("30k", "train"), "30k_train.jsonl", "30k_train.jsonl.gz"]) with { Hint = DataCorpora.BeaverTails.Hint };

    internal static DatasetSource BeaverTails330kFile => DatasetSource.JsonLines(BeaverTailsNames("330k", "train")) with { Hint = DataCorpora.BeaverTails.Hint };

    /// <summary>Where the files of BeaverTails lie: by name, or in the folders of their home.</summary>
    internal static string[] BeaverTailsNames(string part, string split) =>
        [$"beavertails/{part}_{split}.jsonl", $"beavertails/{part}_{split}.jsonl.gz", $"beavertails/round0/{part}/{split}.jsonl", $"beavertails/round0/{part}/{split}.jsonl.gz"];

    internal static DatasetSource PureBadFile => DatasetSource.JsonLines(
        "pure-bad/pure_bad_100_original*.jsonl", "pure_bad/pure_bad_100_original*.jsonl", "pure-bad/pure_bad.jsonl", "pure_bad/pure_bad.jsonl")
        with
    {
        Hint = DataCorpora.PureBad.Hint,
    };
}
