namespace SafeTuneBed.Text.Tokenizing;

/// <summary>
/// Joins neighboring symbols in order of rank, leftmost first among equals, until nothing joins: byte-pair encoding of one piece of text in
/// O(n log n). One object serves one thread at a time and is used again.
/// </summary>
/// <remarks>
/// Candidates wait in a queue and may be out of date when their turn comes. As in the Hugging Face library, a candidate is dropped only when its two
/// places now join to another token than foreseen; one that foresees the same token through another pair still counts, at its own rank.
/// </remarks>
internal sealed class BpeMerger
{
    private readonly PriorityQueue<int, long> queue = new();
    private int[] ids = new int[64];
    private int[] next = new int[64];
    private int[] previous = new int[64];

    public int Count { get; private set; }

    /// <summary>The symbol ids, before and after <see cref="Merge"/>.</summary>
    public ReadOnlySpan<int> Ids => ids.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Add(int id)
    {
        if (Count == ids.Length)
        {
            int size = checked(Count * 2);
            Array.Resize(ref ids, size);
            Array.Resize(ref next, size);
            Array.Resize(ref previous, size);
        }

        ids[Count++] = id;
    }

    /// <summary>Joins what <paramref name="merges"/> allows: a pair of ids (left in the upper half of the key) to rank and joined id.</summary>
    public void Merge(Dictionary<long, (int Rank, int Id)> merges)
    {
        if (Count < 2)
        {
            return;
        }

        for (int i = 0; i < Count; i++)
        {
            (previous[i], next[i]) = (i - 1, i + 1 < Count ? i + 1 : -1);
        }

        queue.Clear();
        for (int i = 0; i + 1 < Count; i++)
        {
            Offer(merges, i, i + 1);
        }

        while (queue.TryDequeue(out int foreseen, out long priority))
        {
            int left = (int)(priority & int.MaxValue);
            int right = ids[left] < 0 ? -1 : next[left];
            if (right < 0 || !merges.TryGetValue(Key(ids[left], ids[right]), out var merge) || merge.Id != foreseen)
            {
                continue;
            }

            ids[left] = foreseen;
            ids[right] = -1;
            next[left] = next[right];
            if (next[right] >= 0)
            {
                previous[next[right]] = left;
                Offer(merges, left, next[right]);
            }

            if (previous[left] >= 0)
            {
                Offer(merges, previous[left], left);
            }
        }

        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (ids[i] >= 0)
            {
                ids[kept++] = ids[i];
            }
        }

        Count = kept;
    }

    public static long Key(int left, int right) => ((long)left << 32) | (uint)right;

    /// <summary>Gives back the memory of a very long text.</summary>
    public void Trim()
    {
        const int Keep = 1 << 16;
        if (ids.Length > Keep)
        {
            (ids, next, previous) = (new int[64], new int[64], new int[64]);
            queue.TrimExcess();
        }
    }

    private void Offer(Dictionary<long, (int Rank, int Id)> merges, int left, int right)
    {
        if (merges.TryGetValue(Key(ids[left], ids[right]), out var merge))
        {
            queue.Enqueue(merge.Id, ((long)merge.Rank << 31) | (uint)left);
        }
    }
}
