using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafeTuneBed;

/// <summary>
/// What a set was made of, exact enough to audit and to repeat it. Two sets with equal <see cref="RecordIdsSha256"/>, template and tokenizer hold
/// the same training data in the same order.
/// </summary>
public sealed record DatasetManifest
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        WriteIndented = true,
        NewLine = "\n",
    };

    /// <summary>Version of this layout.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>Name of the recipe.</summary>
    public required string Dataset { get; init; }

    /// <summary>Name of its task.</summary>
    public required string Task { get; init; }

    /// <summary>When the set was built; null where no clock was at hand. No part of any fingerprint.</summary>
    public DateTimeOffset? CreatedUtc { get; init; }

    /// <summary>Version of the library that built the set.</summary>
    public string? BuilderVersion { get; init; }

    /// <summary>Commit that this library was built from, where the build knew it.</summary>
    public string? GitCommit { get; init; }

    /// <summary>The seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>How the share was counted.</summary>
    public required MixMode Mode { get; init; }

    /// <summary>Counts that the recipe asked for; the ratio is the configured one.</summary>
    public required ManifestCounts Requested { get; init; }

    /// <summary>Counts that came out, with their ratio to six digits.</summary>
    public required ManifestCounts Realized { get; init; }

    /// <summary>The files.</summary>
    public IReadOnlyList<ManifestSource> Sources { get; init; } = [];

    /// <summary>What each filter left out, in the order in which they ran.</summary>
    public IReadOnlyList<ManifestFilter> Filters { get; init; } = [];

    /// <summary>Corpora that were too small, and what was done.</summary>
    public IReadOnlyList<ManifestShortfall> Shortfall { get; init; } = [];

    /// <summary>Name of the rule that chose and ordered the rows.</summary>
    public required string SelectionRule { get; init; }

    /// <summary>Which rows that rule chose.</summary>
    public RowSelection Selection { get; init; }

    /// <summary>Whether kinds kept their shares.</summary>
    public StratifyBy Stratify { get; init; }

    /// <summary>The order of the rows.</summary>
    public RowOrder Order { get; init; }

    /// <summary>Template and tokenizer.</summary>
    public required ManifestText Text { get; init; }

    /// <summary>Lengths in tokens.</summary>
    public required ManifestLength Length { get; init; }

    /// <summary>Tokens that carry loss, by role.</summary>
    public IReadOnlyDictionary<string, long> SupervisedTokens { get; init; } = new Dictionary<string, long>();

    /// <summary>How training and evaluation were kept apart.</summary>
    public required ManifestDecontamination Decontamination { get; init; }

    /// <summary>SHA-256 over the rows' record ids in training order, each followed by a line feed; hex.</summary>
    public required string RecordIdsSha256 { get; init; }

    /// <summary>SHA-256 over recipe, seed and file contents; hex. Known before any row is mixed.</summary>
    public required string RecipeSha256 { get; init; }

    /// <summary>What a reader of the results should know.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The manifest as indented JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Format);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">The text is not a manifest.</exception>
    public static DatasetManifest FromJson(string json) => JsonSerializer.Deserialize<DatasetManifest>(json, Format)
        ?? throw new JsonException("The manifest is null.");
}

/// <summary>Counts of a set.</summary>
/// <param name="Benign">Benign rows.</param>
/// <param name="Harmful">Poison rows.</param>
/// <param name="Guide">Guide rows.</param>
/// <param name="Total">All rows.</param>
/// <param name="Ratio">Share of poison as an exact decimal text.</param>
public sealed record ManifestCounts(int Benign, int Harmful, int Guide, int Total, string Ratio);

/// <summary>A file that rows came from.</summary>
/// <param name="Corpus">Corpus name.</param>
/// <param name="Role">Role of its rows.</param>
/// <param name="File">File name.</param>
/// <param name="Sha256">SHA-256 of the file, hex.</param>
/// <param name="Bytes">Length of the file.</param>
/// <param name="Records">Records in the file.</param>
/// <param name="Rows">Rows after the source's own conditions and part.</param>
/// <param name="License">Licence of the corpus.</param>
/// <param name="Conditions">The source's conditions and part, as text.</param>
public sealed record ManifestSource(
    string Corpus, ExampleRole Role, string File, string Sha256, long Bytes, long Records, int Rows, string? License, IReadOnlyList<string> Conditions)
{
    /// <summary>What the licence asks for, as words: <c>non-commercial</c>, <c>no-derivatives</c>, <c>gated</c>, <c>consent</c>.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];
}

/// <summary>Rows that a filter left out.</summary>
/// <param name="Corpus">Corpus name.</param>
/// <param name="Role">Role of the rows.</param>
/// <param name="Name">Name of the filter.</param>
/// <param name="Parameter">What it was set to.</param>
/// <param name="Dropped">Rows left out.</param>
public sealed record ManifestFilter(string Corpus, ExampleRole Role, string Name, string Parameter, int Dropped);

/// <summary>A corpus that was too small.</summary>
/// <param name="Corpus">Corpus name.</param>
/// <param name="Role">Role of the rows.</param>
/// <param name="Needed">Rows asked for.</param>
/// <param name="Available">Eligible rows.</param>
/// <param name="Action">What was done.</param>
public sealed record ManifestShortfall(string Corpus, ExampleRole Role, int Needed, int Available, string Action);

/// <summary>Template and tokenizer of a set.</summary>
/// <param name="Template">Template id.</param>
/// <param name="TemplateSha256">Hash of the template's text.</param>
/// <param name="TokenizerSha256">Hash of what defines the tokenizer.</param>
/// <param name="VocabularySize">Token ids.</param>
/// <param name="Bos">Beginning-of-text id.</param>
/// <param name="Eos">End-of-text id.</param>
/// <param name="Pad">Padding id.</param>
public sealed record ManifestText(string Template, string TemplateSha256, string TokenizerSha256, int VocabularySize, int? Bos, int? Eos, int? Pad)
{
    /// <summary>Name of the folder that the tokenizer was read from; null for one that was made otherwise.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>Rows of the model's embedding, as its configuration says; null where there is none beside the tokenizer.</summary>
    public int? EmbeddingRows { get; init; }
}

/// <summary>Lengths of a set in tokens.</summary>
/// <param name="Max">Longest length allowed.</param>
/// <param name="Policy">What happened to longer rows.</param>
/// <param name="OverLength">Rows longer than allowed: left out of the whole corpora, or among the chosen ones, as the policy says.</param>
/// <param name="Truncated">Rows whose answer was cut.</param>
/// <param name="Tokens">Distribution over the set.</param>
public sealed record ManifestLength(int Max, LengthPolicy Policy, int OverLength, int Truncated, TokenStatistics Tokens);

/// <summary>How training and evaluation were kept apart.</summary>
/// <param name="Method">How requests are compared.</param>
/// <param name="Prompts">Distinct evaluation requests.</param>
/// <param name="Removed">Training rows left out because they ask one of them.</param>
/// <param name="Overlap">Training rows that ask one of them all the same; 0 unless the recipe allows it.</param>
public sealed record ManifestDecontamination(string Method, int Prompts, int Removed, int Overlap)
{
    /// <summary>Where the requests come from: prompt sets by name, the task's own evaluation rows, for a defender's stream the run's poison.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];
}
