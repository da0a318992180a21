using SafeTuneBed.Diagnostics;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>The beginning that many rows have in common, computed once: it stands before the tokens of each row of a pass.</summary>
internal sealed class SharedPrefix : IKeyValueMemory, IDisposable
{
    private readonly KeyValueCache cache;

    private SharedPrefix(KeyValueCache cache, int length) => (this.cache, Length) = (cache, length);

    /// <summary>Its tokens, at least one.</summary>
    public int Length { get; }

    /// <summary>Computes the prefix; the caller has entered inference mode.</summary>
    public static SharedPrefix Compute(Decoder decoder, ReadOnlySpan<int> ids)
    {
        using var scope = NewDisposeScope();
        var cache = new KeyValueCache(decoder.Options, 1, ids.Length, ids.Length, decoder.ComputeType, decoder.Device);
        long[] row = new long[ids.Length];
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = ids[i];
        }

        try
        {
            decoder.Extend(tensor(row, [1, row.Length], device: decoder.Device), null, row.Length, null, cache.Block(0, 1, 0, row.Length));
        }
        catch
        {
            cache.Dispose();
            throw;
        }

        return new SharedPrefix(cache, ids.Length);
    }

    /// <summary>Puts the prefix at the beginning of rows of a cache.</summary>
    public void CopyTo(KeyValueCache target, int row, int rows) => target.Begin(row, rows, cache, Length);

    public (Tensor Keys, Tensor Values) Extend(int layer, Tensor key, Tensor value)
    {
        using var scope = NewDisposeScope();
        (Tensor keys, Tensor values) = cache.Read(layer, Length);
        long[] shape = [key.size(0), keys.size(1), Length, keys.size(3)];
        return (cat([keys.expand(shape), key], 2).MoveToOuterDisposeScope(), cat([values.expand(shape), value], 2).MoveToOuterDisposeScope());
    }

    /// <summary>
    /// Added to the scores of tokens behind a prefix: each sees the prefix, those before it and itself, [1, 1, T, prefix + T]. Null where that leaves nothing out.
    /// </summary>
    public static Tensor? CausalMask(Decoder decoder, long length, long prefix)
    {
        if (prefix == 0 || length == 1)
        {
            return null;   // plain causal order, or a single token that sees everything
        }

        using var scope = NewDisposeScope();
        return empty([1, 1, length, prefix + length], decoder.ComputeType, decoder.Device).fill_(KeptScalar.Of(double.NegativeInfinity)).triu(prefix + 1).MoveToOuterDisposeScope();
    }

    public void Dispose() => cache.Dispose();
}
