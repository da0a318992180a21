using System.Runtime.CompilerServices;

namespace SafeTuneBed.Data;

/// <summary>
/// Encodes rows, whole corpora where their lengths decide who may be chosen. The encodings of a corpus are kept as long as the corpus itself,
/// for one encoder at a time, because seeds and poison levels share them.
/// </summary>
internal sealed class EncodedCorpora
{
    private readonly ConditionalWeakTable<IReadOnlyList<FinetuneExample>, Entry> entries = [];

    /// <summary>Encodings of all rows with text, by place of origin.</summary>
    public IReadOnlyDictionary<ExampleOrigin, EncodedExample> Encode(IReadOnlyList<FinetuneExample> rows, IExampleEncoder encoder, CancellationToken cancellationToken)
    {
        if (entries.TryGetValue(rows, out Entry? known) && known.Encoder == encoder.Fingerprint)
        {
            return known.Encodings;
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

        entries.AddOrUpdate(rows, new Entry(encoder.Fingerprint, encodings));
        return encodings;
    }

    private sealed record Entry(string Encoder, IReadOnlyDictionary<ExampleOrigin, EncodedExample> Encodings);
}
