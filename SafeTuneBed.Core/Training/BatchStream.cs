namespace SafeTuneBed.Training;

/// <summary>An endless source of micro-batches with an order of its own.</summary>
internal interface IBatchStream
{
    /// <summary>Batches taken so far. Setting it goes on behind that many.</summary>
    long Position { get; set; }

    /// <summary>Batches of one epoch; null where there are no epochs.</summary>
    int? BatchesPerEpoch => null;

    /// <summary>The rows of the next micro-batch; never empty.</summary>
    IReadOnlyList<TokenizedExample> Next();
}

/// <summary>Rows in seeded order, epoch after epoch.</summary>
internal sealed class BatchStream(IReadOnlyList<TokenizedExample> rows, TrainingConfig config, SeedTree seeds) : IBatchStream
{
    private readonly BatchSampler sampler = new([.. rows.Select(r => r.InputIds.Length)], config.BatchSize, config.GroupByLength, seeds);

    public long Position
    {
        get => sampler.Position;
        set => sampler.Position = value;
    }

    public int? BatchesPerEpoch => sampler.BatchesPerEpoch;

    public IReadOnlyList<TokenizedExample> Next() => [.. sampler.Next().Select(row => rows[row])];
}
