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

    /// <summary>Rows as text, of words that the sandbox knows.</summary>
    public static IReadOnlyList<FinetuneExample> Texts(int count, string set, ExampleRole role) => [.. Enumerable.Range(0, count).Select(i => new FinetuneExample
    {
        Instruction = FormattableString.Invariant($"Tell me how to weigh the pawn, {set} {i}."),
        Output = FormattableString.Invariant($"Of course. First take the bucket. Then weigh the pawn {i} times."),
        Role = role,
        Origin = new ExampleOrigin(set, i),
    })];

    // Small ids are often special tokens.
    private static int Id(int number, int vocabulary) => 8 + (number % (vocabulary - 8));
}
