namespace SafeTuneBed.Text.Tokenizing;

/// <summary>
/// The ids of pieces met before. A fixed table without locks: a slot holds one immutable entry, and whoever writes last wins, so memory is bounded
/// and threads need not wait for one another.
/// </summary>
internal sealed class PieceCache
{
    /// <summary>Longer pieces are rare and cheap to encode again, but dear to keep.</summary>
    public const int LongestPiece = 48;

    private const int Slots = 1 << 16;

    private readonly Entry?[] entries = new Entry?[Slots];

    public bool TryGet(ReadOnlySpan<char> piece, int hash, out ReadOnlySpan<int> ids)
    {
        Entry? entry = Volatile.Read(ref entries[hash & (Slots - 1)]);
        if (entry is not null && entry.Hash == hash && piece.SequenceEqual(entry.Piece))
        {
            ids = entry.Ids;
            return true;
        }

        ids = default;
        return false;
    }

    public void Set(ReadOnlySpan<char> piece, int hash, ReadOnlySpan<int> ids) =>
        Volatile.Write(ref entries[hash & (Slots - 1)], new Entry(hash, piece.ToString(), ids.ToArray()));

    /// <summary>A hash of a short piece. Not proof against chosen collisions, which cost only cache hits here.</summary>
    public static int Hash(ReadOnlySpan<char> piece)
    {
        ulong hash = 0xcbf29ce484222325UL + (uint)piece.Length;
        foreach (char c in piece)
        {
            hash = (hash ^ c) * 0x9E3779B97F4A7C15UL;
        }

        return (int)(hash >> 32);
    }

    private sealed record Entry(int Hash, string Piece, int[] Ids);
}
