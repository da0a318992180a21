using SafeTuneBed.Training;

namespace SafeTuneBed.Running.Conformance;

/// <summary>A stream without epochs, so that every window has as many micro-steps as were asked for. It notes what each part of a window took, or gives again what was noted.</summary>
/// <param name="inner">Where batches come from.</param>
/// <param name="part">Says which part of the window is at work.</param>
internal sealed class ReplayedStream(IBatchStream inner, Func<string> part) : IBatchStream
{
    private readonly Dictionary<string, List<IReadOnlyList<TokenizedExample>>> taken = new(StringComparer.Ordinal);

    /// <summary>What is given in place of the stream's own batches, by part; null gives its own.</summary>
    public IReadOnlyDictionary<string, List<IReadOnlyList<TokenizedExample>>>? Replay { get; init; }

    /// <summary>What was taken, by part.</summary>
    public IReadOnlyDictionary<string, List<IReadOnlyList<TokenizedExample>>> Taken => taken;

    public long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    public IReadOnlyList<TokenizedExample> Next()
    {
        string now = part();
        List<IReadOnlyList<TokenizedExample>> so = taken.TryGetValue(now, out List<IReadOnlyList<TokenizedExample>>? known) ? known : taken[now] = [];
        IReadOnlyList<TokenizedExample> own = inner.Next();
        IReadOnlyList<TokenizedExample> given = Replay?.GetValueOrDefault(now) is { } list && so.Count < list.Count ? list[so.Count] : own;
        so.Add(given);
        return given;
    }
}
