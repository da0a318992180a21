namespace SafeTuneBed.Rouge;

/// <summary>
/// ROUGE-1 as the Python package <c>rouge</c> (pltrdy) gives it: for comparison with papers that score with it. Words are what stands between blanks, by case and with their
/// commas; periods divide sentences; each word counts once however often it occurs.
/// </summary>
internal static class DistinctWords
{
    // The package adds it to the denominator in place of looking for 0.
    private const double Guard = 1e-8;

    /// <summary>The F1, which is the same when the two sides are exchanged; 0 where a side has no word (the package stops there).</summary>
    public static double F1(string reference, string answer)
    {
        HashSet<string> gold = Words(reference), given = Words(answer);
        if (gold.Count == 0 || given.Count == 0)
        {
            return 0;
        }

        int shared = given.Count(gold.Contains);
        double precision = (double)shared / given.Count, recall = (double)shared / gold.Count;
        return 2 * (precision * recall / (precision + recall + Guard));
    }

    private static HashSet<string> Words(string text) => text.Split('.').SelectMany(s => s.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToHashSet(StringComparer.Ordinal);
}
