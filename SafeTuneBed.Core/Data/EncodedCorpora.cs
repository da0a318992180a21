using System.Runtime.CompilerServices;

namespace SafeTuneBed.Data;

/// <summary>
/// Encodes rows, whole corpora where their lengths decide who may be chosen. The encodings of a corpus are kept as long as the corpus itself,
/// for one encoder at a time, because seeds and poison levels share them.
/// </summary>
/// <param name="cache">Where encodings are kept on disk; null keeps them in memory alone.</param>
internal sealed class EncodedCorpora(TokenCache? cache)
{
    private readonly ConditionalWeakTable<IReadOnlyList<FinetuneExample>, Entry> entries = [];

    /// <summary>Encodings of all rows with text, by place of origin.</summary>
    public IReadOnlyDictionary<ExampleOrigin, EncodedExample> Encode(IReadOnlyList<FinetuneExample> rows, IExampleEncoder encoder, CancellationToken cancellationToken)
    {
        if (entries.TryGetValue(rows, out Entry? known) && known.Encoder == encoder.Fingerprint)
        {
            return known.Encodings;
        }

        string key = cache is null ? "" : TokenCache.KeyOf(rows, encoder.Fingerprint);
        if (cache?.Read(key, rows) is { } kept)
        {
            entries.AddOrUpdate(rows, new Entry(encoder.Fingerprint, kept));
            return kept;
        }

        var encodings = new Dictionary<ExampleOrigin, EncodedExample>(rows.Count);
        foreach (FinetuneExample row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!Eligibility.IsEmpty(row))
            {
                encodings.Add(row.Origin, encoder.Encode(row));
            }
        }

        cache?.Write(key, rows, encodings);
        entries.AddOrUpdate(rows, new Entry(encoder.Fingerprint, encodings));
        return encodings;
    }

    private sealed record Entry(string Encoder, IReadOnlyDictionary<ExampleOrigin, EncodedExample> Encodings);
}
