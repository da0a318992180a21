namespace SafeTuneBed.Training;

/// <summary>
/// Which rows make up each micro-batch: for every epoch a permutation of all rows keyed by (seed, epoch), cut into batches; the last,
/// short batch of an epoch is kept.
/// </summary>
/// <remarks>
/// With grouping, rows are sorted by length within blocks of 50 batches of the permutation, cut, and the batches are put in seeded order again, so that a batch holds
/// rows of similar length without a trend from long to short.
/// </remarks>
internal sealed class BatchSampler(IReadOnlyList<int> lengths, int batchSize, bool groupByLength, SeedTree seeds)
{
    private const int BlockBatches = 50;

    private long cutEpoch = -1;
    private List<int[]> batches = [];

    /// <summary>Batches of an epoch: every epoch has as many.</summary>
    public int BatchesPerEpoch { get; } = Math.Max(1, (lengths.Count + batchSize - 1) / batchSize);

    /// <summary>Batches given so far. An epoch's order depends on its number alone, so the position is all that must be kept of a sampler.</summary>
    public long Position { get; set; }

    /// <summary>Passes begun so far, minus one.</summary>
    public int Epoch => (int)Math.Max(0, (Position - 1) / BatchesPerEpoch);

    /// <summary>Row indices of the next micro-batch; endless.</summary>
    public int[] Next()
    {
        (long epoch, long place) = Math.DivRem(Position, BatchesPerEpoch);
        if (epoch != cutEpoch)
        {
            batches = Cut(seeds[epoch]);
            cutEpoch = epoch;
        }

        Position++;
        return batches[(int)place];
    }

    private List<int[]> Cut(SeedTree seed)
    {
        int[] order = seed["rows"].Permutation(lengths.Count);
        if (!groupByLength)
        {
            return [.. order.Chunk(batchSize)];
        }

        List<int[]> cut = [.. order.Chunk(batchSize * BlockBatches).SelectMany(block => block.OrderByDescending(row => lengths[row]).Chunk(batchSize))];
        return [.. seed["batches"].Permutation(cut.Count).Select(i => cut[i])];
    }
}
