namespace SafeTuneBed.Models;

/// <summary>
/// Prompts that wait for a place in the batch: those with a common beginning one after the other, the longest first, so that rows of similar length are
/// together and a lack of memory shows at once.
/// </summary>
internal sealed class GenerationQueue
{
    private readonly List<(PrefixGroup Group, GenerationRow Row)> waiting = [];
    private int next;

    /// <summary>Arranges the rows.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="shares">Whether common beginnings may be computed apart.</param>
    public GenerationQueue(IReadOnlyList<GenerationRow> rows, bool shares)
    {
        // The last token of a prompt stays its own: its hidden state is what the first new token comes from.
        IReadOnlyList<PrefixGroup> groups = !shares ? [new PrefixGroup(0, [.. Enumerable.Range(0, rows.Count)])] : PrefixGroup.Find([.. rows.Select(r => (ReadOnlyMemory<int>)r.Start.AsMemory(0, r.Start.Length - 1))]);
        foreach (PrefixGroup group in groups.OrderByDescending(g => g.Members.Max(m => rows[m].Start.Length)).ThenBy(g => g.Members.Min()))
        {
            waiting.AddRange(group.Members.Select(m => rows[m]).OrderByDescending(r => r.Start.Length).ThenBy(r => r.Index).Select(r => (group, r)));
        }
    }

    /// <summary>Rows still waiting.</summary>
    public int Count => waiting.Count - next;

    /// <summary>The next rows, all of one group, longest first: at least one, at most so many, within so many tokens of padded input.</summary>
    public (PrefixGroup Group, IReadOnlyList<GenerationRow> Rows) Take(int most, int mostTokens)
    {
        PrefixGroup group = waiting[next].Group;
        int width = waiting[next].Row.Start.Length - group.Length;
        int count = 1;
        while (count < Math.Min(most, Count) && waiting[next + count].Group == group && (count + 1) * width <= mostTokens)
        {
            count++;
        }

        var rows = waiting.GetRange(next, count).ConvertAll(w => w.Row);
        next += count;
        return (group, rows);
    }
}
