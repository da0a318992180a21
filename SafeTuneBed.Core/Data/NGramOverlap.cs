namespace SafeTuneBed.Data;

/// <summary>
/// Finds texts that share 13 words in a row. Words are runs of letters and digits, case aside. Of a row with an input the input alone is compared: the
/// instruction of a task stands in each of its rows.
/// </summary>
internal static class NGramOverlap
{
    /// <summary>Words in a row that two texts must share.</summary>
    public const int Words = 13;

    /// <summary>All runs of 13 words of some texts.</summary>
    public static IReadOnlySet<string> Of(IEnumerable<string> texts) => texts.SelectMany(Runs).ToHashSet(StringComparer.Ordinal);

    /// <summary>The text of a row that is compared.</summary>
    public static string TextOf(FinetuneExample row) => row.Input.Length > 0 ? row.Input : row.Instruction;

    /// <summary>Whether a row shares a run with the texts.</summary>
    public static bool Shares(IReadOnlySet<string> runs, FinetuneExample row) => runs.Count > 0 && Runs(TextOf(row)).Any(runs.Contains);

    private static IEnumerable<string> Runs(string text)
    {
        var words = new List<string>();
        int start = -1;
        for (int i = 0; i <= text.Length; i++)
        {
            bool isWord = i < text.Length && char.IsLetterOrDigit(text[i]);
            if (isWord && start < 0)
            {
                start = i;
            }
            else if (!isWord && start >= 0)
            {
                words.Add(text[start..i].ToLowerInvariant());
                start = -1;
            }
        }

        for (int i = 0; i + Words <= words.Count; i++)
        {
            yield return string.Join(' ', words.GetRange(i, Words));
        }
    }
}
