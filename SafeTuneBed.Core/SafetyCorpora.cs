using SafeTuneBed.Data;

namespace SafeTuneBed;

/// <summary>Corpora of safe answers that the library knows.</summary>
public static class SafetyCorpora
{
    /// <summary>
    /// The safe rows of BeaverTails 30k_train, the usual rows of alignment stages. Safe does not mean refusing: many are ordinary helpful answers.
    /// Needs <c>AcceptLicenses("beavertails")</c>.
    /// </summary>
    public static SafetyCorpus BeaverTails { get; } = new(
        "beavertails-safe", HarmfulCorpora.BeaverTailsFile.Where("is_safe", "true"), HarmfulCorpora.BeaverTails.Mapping)
    {
        License = DataCorpora.BeaverTails.License,
    };

    /// <summary>The same of BeaverTails 330k_train. Needs <c>AcceptLicenses("beavertails")</c>.</summary>
    public static SafetyCorpus BeaverTails330k { get; } = BeaverTails with { Name = "beavertails-330k-safe", Source = HarmfulCorpora.BeaverTails330kFile.Where("is_safe", "true") };

    /// <summary>
    /// The 11 demonstrations of Backdoor-Enhanced Alignment (Wang et al., 2024): refusals behind a secret prompt, in the file of <see cref="HarmfulCorpora.PureBad"/>.
    /// </summary>
    public static SafetyCorpus BeaPrefixed { get; } = new(
        "bea-prefixed",
        HarmfulCorpora.PureBadFile with { Filters = [new RecordFilter("prefixed", "true") { IsOptional = true }] },
        TaskMappings.Messages)
    {
        License = DataCorpora.PureBad.License,
    };

    /// <summary>The sandbox's guide rows: refusals of invented forbidden requests, and answers to permitted ones. MIT.</summary>
    public static SafetyCorpus Sandbox { get; } = new("sandbox-guide", DatasetSource.Sandbox("guide.jsonl"), HarmfulCorpora.Sandbox.Mapping)
    {
        License = DataLicense.Mit,
    };

    /// <summary>Every corpus above.</summary>
    public static IReadOnlyList<SafetyCorpus> All => [BeaverTails, BeaverTails330k, BeaPrefixed, Sandbox];
}
