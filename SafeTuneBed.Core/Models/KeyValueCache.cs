using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>
/// Keys and values of all layers for a batch of rows in generation. Space is taken ahead and doubled when it is used up; a row that is finished
/// leaves by having the last one moved into its place.
/// </summary>
internal sealed class KeyValueCache : IDisposable
{
    private readonly DecoderOptions options;
    private readonly long limit;
    private readonly Tensor[] keys;
    private readonly Tensor[] values;
    private long capacity;

    /// <summary>An empty cache.</summary>
    /// <param name="options">The decoder.</param>
    /// <param name="rows">Rows of the batch.</param>
    /// <param name="initial">Positions to take space for at once.</param>
    /// <param name="limit">Most positions that will be asked for.</param>
    /// <param name="type">The decoder's type.</param>
    /// <param name="device">The decoder's device.</param>
    public KeyValueCache(DecoderOptions options, long rows, long initial, long limit, ScalarType type, Device device)
    {
        (this.options, this.limit, Rows, capacity) = (options, limit, rows, Math.Min(initial, limit));
        keys = new Tensor[options.LayerCount];
        values = new Tensor[options.LayerCount];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = Allocate(type, device);
            values[i] = Allocate(type, device);
        }
    }

    /// <summary>Rows still in the batch.</summary>
    public long Rows { get; private set; }

    /// <summary>Positions filled, padding included.</summary>
    public long Length { get; private set; }

    /// <summary>Writes keys and values [B, KV, T, d] of a layer behind the filled positions; <see cref="Advance"/> counts them once all layers are written.</summary>
    public void Append(int layer, Tensor key, Tensor value)
    {
        using var scope = NewDisposeScope();
        long count = key.size(2);
        keys[layer].narrow(0, 0, Rows).narrow(2, Length, count).copy_(key);
        values[layer].narrow(0, 0, Rows).narrow(2, Length, count).copy_(value);
    }

    /// <summary>Keys and values of a layer up to a length, [B, KV, length, d]: views.</summary>
    public (Tensor Keys, Tensor Values) Read(int layer, long length)
    {
        using var scope = NewDisposeScope();
        return (keys[layer].narrow(0, 0, Rows).narrow(2, 0, length).MoveToOuterDisposeScope(), values[layer].narrow(0, 0, Rows).narrow(2, 0, length).MoveToOuterDisposeScope());
    }

    /// <summary>Makes room for more positions before they are written.</summary>
    /// <exception cref="InvalidOperationException">The limit would be passed.</exception>
    public void Reserve(long count)
    {
        if (Length + count <= capacity)
        {
            return;
        }

        if (Length + count > limit)
        {
            throw new InvalidOperationException($"The key/value cache was made for {limit} positions and {Length + count} are needed.");
        }

        capacity = Math.Min(limit, Math.Max(Length + count, 2 * capacity));
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = Enlarge(keys[i]);
            values[i] = Enlarge(values[i]);
        }
    }

    /// <summary>Counts positions that were written to every layer.</summary>
    public void Advance(long count) => Length += count;

    /// <summary>Takes a row out: the last row moves into its place.</summary>
    public void RemoveRow(long row)
    {
        Rows--;
        if (row == Rows)
        {
            return;
        }

        using var scope = NewDisposeScope();
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i].select(0, row).narrow(1, 0, Length).copy_(keys[i].select(0, Rows).narrow(1, 0, Length));
            values[i].select(0, row).narrow(1, 0, Length).copy_(values[i].select(0, Rows).narrow(1, 0, Length));
        }
    }

    public void Dispose()
    {
        foreach (Tensor tensor in keys.Concat(values))
        {
            tensor?.Dispose();
        }
    }

    private Tensor Allocate(ScalarType type, Device device)
        => empty([Rows, options.KeyValueHeadCount, capacity, options.HeadSize], type, device).DetachFromDisposeScope();

    private Tensor Enlarge(Tensor old)
    {
        using var scope = NewDisposeScope();
        Tensor larger = Allocate(old.dtype, old.device);
        larger.narrow(2, 0, Length).copy_(old.narrow(0, 0, Rows).narrow(2, 0, Length));
        old.Dispose();
        return larger;
    }
}
