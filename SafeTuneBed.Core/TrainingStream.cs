using SafeTuneBed.Training;

namespace SafeTuneBed;

/// <summary>
/// A named stream of batches beside the user's: endless, in an order of its own that depends on the run's seed and the stream's name alone. Every row
/// comes once before any comes again; the last, short batch of a pass is kept; a batch has as many rows as the user's. Its position survives a restart.
/// </summary>
public sealed class TrainingStream
{
    private readonly TrainingSession session;

    internal TrainingStream(TrainingSession session, string name, IReadOnlyList<TokenizedExample> rows, IBatchStream source) =>
        (this.session, Name, RowCount, Source) = (session, name, rows.Count, source);

    /// <summary>The name, such as <c>align</c>.</summary>
    public string Name { get; }

    /// <summary>Rows of one pass.</summary>
    public int RowCount { get; }

    /// <summary>Where the batches come from.</summary>
    internal IBatchStream Source { get; }

    /// <summary>The next batch. The loop frees it at the end of the optimizer step, or of the hook outside of steps.</summary>
    public TokenBatch Next() => session.Collate(Source.Next());
}
