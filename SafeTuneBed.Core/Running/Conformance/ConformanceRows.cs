namespace SafeTuneBed.Running.Conformance;

/// <summary>Small sets that can be learned: an answer follows from its row's number.</summary>
internal static class ConformanceRows
{
    /// <summary>Rows of one set; sets with other starts share no row.</summary>
    public static IReadOnlyList<TokenizedExample> Of(int count, int start, int vocabulary, ExampleRole role) => [.. Enumerable.Range(start, count).Select(i => new TokenizedExample
    {
        RowId = i,
        InputIds = [.. Enumerable.Range(0, 7 + (i % 3)).Select(t => t < 4 ? Id((i * 7) + t, vocabulary) : Id(100 + (3 * (i % 2)) + (t % 2), vocabulary))],
        PromptTokenCount = 4,
        Role = role,
        RecordId = FormattableString.Invariant($"conformance-{i}"),
    })];

    // Small ids are often special tokens.
    private static int Id(int number, int vocabulary) => 8 + (number % (vocabulary - 8));
}
