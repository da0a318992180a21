namespace SafeTuneBed;

/// <summary>A set ready for training: mixed, ordered, rendered, masked.</summary>
public sealed class PreparedDataset
{
    internal PreparedDataset(IReadOnlyList<FinetuneExample> examples, IReadOnlyList<TokenizedExample> tokenized, DatasetManifest manifest) =>
        (Examples, Tokenized, Manifest) = (examples, tokenized, manifest);

    /// <summary>The rows in training order.</summary>
    public IReadOnlyList<FinetuneExample> Examples { get; }

    /// <summary>The same rows as tokens; a row's id is its position.</summary>
    public IReadOnlyList<TokenizedExample> Tokenized { get; }

    /// <summary>
    /// The first row as the model will see it: masked tokens in ‹›, tokens that carry loss in «». Of a set of harmful rows alone only the shape.
    /// </summary>
    public string Preview => Tokenizer is { } tokenizer
        ? Text.MaskedPreview.Render(Tokenized.FirstOrDefault(t => t.Role != ExampleRole.Harmful) ?? Tokenized[0], tokenizer)
        : "";

    /// <summary>The tokenizer that made the tokens.</summary>
    internal Text.ModelTokenizer? Tokenizer { get; init; }

    /// <summary>What the set was made of.</summary>
    public DatasetManifest Manifest { get; }

    /// <summary>Row lengths in tokens.</summary>
    public TokenStatistics Tokens => Manifest.Length.Tokens;

    /// <summary>Tokens that carry loss, in all rows of a role.</summary>
    public long SupervisedTokens(ExampleRole role) => Tokenized.Where(t => t.Role == role).Sum(t => (long)t.SupervisedTokenCount);
}

/// <summary>Distribution of row lengths in tokens, by nearest rank.</summary>
/// <param name="P50">Median.</param>
/// <param name="P90">90th percentile.</param>
/// <param name="P99">99th percentile.</param>
/// <param name="Max">Longest row.</param>
/// <param name="Total">Tokens of all rows.</param>
public sealed record TokenStatistics(int P50, int P90, int P99, int Max, long Total)
{
    /// <summary>The distribution of some lengths; zeros when there are none.</summary>
    public static TokenStatistics Of(IEnumerable<int> lengths)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        int[] sorted = [.. lengths.Order()];
        return sorted.Length == 0
            ? new TokenStatistics(0, 0, 0, 0, 0)
            : new TokenStatistics(Rank(sorted, 50), Rank(sorted, 90), Rank(sorted, 99), sorted[^1], sorted.Sum(n => (long)n));
    }

    // whole numbers, because 0.9 x 10 is above 9 in binary
    private static int Rank(int[] sorted, long percent) => sorted[((sorted.Length * percent) + 99) / 100 - 1];
}

/// <summary>What a look at the files says about a recipe, before any model is loaded.</summary>
/// <param name="Requested">Counts that the recipe asks for.</param>
/// <param name="Realized">Counts that the files give, before rows are left out for their length.</param>
/// <param name="Warnings">What is allowed but likely a mistake.</param>
public sealed record DatasetCheck(CountPlan Requested, CountPlan Realized, IReadOnlyList<string> Warnings);
