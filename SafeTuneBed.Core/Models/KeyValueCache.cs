using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>
/// Keys and values of all layers in generation. Each row begins at column 0, so that a column is a position, and is as long as it is: rows come and go
/// singly. The rows in use are the first ones. Space is taken ahead and doubled when it is used up.
/// </summary>
/// <remarks>
/// Columns behind a row's end hold zeros or what that row itself left there: a masked column has no weight, but a number that is not finite would
/// come through all the same, so nothing of an earlier row may stay behind.
/// </remarks>
internal sealed class KeyValueCache : IDisposable
{
    private readonly DecoderOptions options;
    private readonly ScalarType type;
    private readonly Device device;
    private readonly long limit;
    private readonly long[] written;
    private readonly Tensor[] keys;
    private readonly Tensor[] values;
    private readonly Tensor[] flatKeys;
    private readonly Tensor[] flatValues;
    private long capacity;

    /// <summary>An empty cache.</summary>
    /// <param name="options">The decoder.</param>
    /// <param name="rows">Most rows at a time.</param>
    /// <param name="initial">Positions to take space for at once.</param>
    /// <param name="limit">Most positions that will be asked for.</param>
    /// <param name="type">The decoder's type.</param>
    /// <param name="device">The decoder's device.</param>
    public KeyValueCache(DecoderOptions options, int rows, long initial, long limit, ScalarType type, Device device)
    {
        (this.options, this.limit, this.type, this.device, capacity) = (options, limit, type, device, Math.Min(initial, limit));
        written = new long[rows];
        (keys, values) = (new Tensor[options.LayerCount], new Tensor[options.LayerCount]);
        (flatKeys, flatValues) = (new Tensor[options.LayerCount], new Tensor[options.LayerCount]);
        using var scope = NewDisposeScope();
        for (int i = 0; i < keys.Length; i++)
        {
            (keys[i], flatKeys[i]) = Allocate();
            (values[i], flatValues[i]) = Allocate();
        }
    }

    /// <summary>Entries of the index that says where a step's row writes: one for each key/value head.</summary>
    public int HeadCount => options.KeyValueHeadCount;

    /// <summary>Makes room for rows of this length. Indices given out before are void afterwards.</summary>
    /// <exception cref="InvalidOperationException">The limit would be passed.</exception>
    public void Reserve(long length)
    {
        if (length <= capacity)
        {
            return;
        }

        if (length > limit)
        {
            throw new InvalidOperationException($"The key/value cache was made for {limit} positions and {length} are needed.");
        }

        using var scope = NewDisposeScope();
        long old = capacity;
        capacity = Math.Min(limit, Math.Max(length, 2 * capacity));
        for (int i = 0; i < keys.Length; i++)
        {
            (keys[i], flatKeys[i]) = Enlarge(keys[i], flatKeys[i], old);
            (values[i], flatValues[i]) = Enlarge(values[i], flatValues[i], old);
        }
    }

    /// <summary>For a pass of several tokens in some rows, which all begin at the same position.</summary>
    public IKeyValueMemory Block(int row, int rows, long position, long count)
    {
        written.AsSpan(row, rows).Fill(position + count);
        return new BlockMemory(this, row, rows, position, count);
    }

    /// <summary>For one new token in each of the first rows, at positions of their own.</summary>
    /// <param name="positions">Position of each row's token.</param>
    /// <param name="longest">More than any of them.</param>
    /// <param name="index">What <see cref="WriteIndex"/> gave for the rows, one after the other, int64.</param>
    public IKeyValueMemory Step(ReadOnlySpan<long> positions, long longest, Tensor index)
    {
        for (int r = 0; r < positions.Length; r++)
        {
            written[r] = Math.Max(written[r], positions[r] + 1);
        }

        return new StepMemory(this, positions.Length, longest, index);
    }

    /// <summary>Where a row's key/value heads have a position, in the storage as one list.</summary>
    public void WriteIndex(int row, long position, Span<long> index)
    {
        for (int h = 0; h < index.Length; h++)
        {
            index[h] = ((((long)row * HeadCount) + h) * capacity) + position;
        }
    }

    /// <summary>Gives rows the positions of another cache's first row as their beginning.</summary>
    public void Begin(int row, int rows, KeyValueCache prefix, long length)
    {
        using var scope = NewDisposeScope();
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i].narrow(0, row, rows).narrow(2, 0, length).copy_(prefix.keys[i].narrow(0, 0, 1).narrow(2, 0, length));
            values[i].narrow(0, row, rows).narrow(2, 0, length).copy_(prefix.values[i].narrow(0, 0, 1).narrow(2, 0, length));
        }

        written.AsSpan(row, rows).Fill(length);
    }

    /// <summary>The first row's positions up to a length, [1, KV, length, d] each: views in the caller's dispose scope.</summary>
    public (Tensor Keys, Tensor Values) Read(int layer, long length) => Read(layer, 0, 1, length);

    /// <summary>Takes a row out: the last row in use moves into its place.</summary>
    public void Remove(int row, int last)
    {
        using var scope = NewDisposeScope();
        foreach (Tensor store in keys.Concat(values))
        {
            if (row != last)
            {
                store.select(0, row).narrow(1, 0, written[last]).copy_(store.select(0, last).narrow(1, 0, written[last]));
                if (written[row] > written[last])
                {
                    store.select(0, row).narrow(1, written[last], written[row] - written[last]).zero_();
                }
            }

            store.select(0, last).narrow(1, 0, written[last]).zero_();
        }

        written[row] = written[last];
        written[last] = 0;
    }

    public void Dispose()
    {
        foreach (Tensor tensor in keys.Concat(values).Concat(flatKeys).Concat(flatValues))
        {
            tensor?.Dispose();
        }
    }

    private (Tensor Keys, Tensor Values) Read(int layer, int row, int rows, long length)
    {
        using var scope = NewDisposeScope();
        return (
            keys[layer].narrow(0, row, rows).narrow(2, 0, length).MoveToOuterDisposeScope(),
            values[layer].narrow(0, row, rows).narrow(2, 0, length).MoveToOuterDisposeScope());
    }

    private (Tensor Store, Tensor Flat) Allocate()
    {
        Tensor store = zeros([written.Length, options.KeyValueHeadCount, capacity, options.HeadSize], type, device);
        return (store.DetachFromDisposeScope(), store.view(-1, options.HeadSize).DetachFromDisposeScope());
    }

    private (Tensor Store, Tensor Flat) Enlarge(Tensor store, Tensor flat, long filled)
    {
        (Tensor larger, Tensor view) = Allocate();
        larger.narrow(2, 0, filled).copy_(store);
        store.Dispose();
        flat.Dispose();
        return (larger, view);
    }

    private sealed class BlockMemory(KeyValueCache cache, int row, int rows, long position, long count) : IKeyValueMemory
    {
        public (Tensor Keys, Tensor Values) Extend(int layer, Tensor key, Tensor value)
        {
            using var scope = NewDisposeScope();
            cache.keys[layer].narrow(0, row, rows).narrow(2, position, count).copy_(key);
            cache.values[layer].narrow(0, row, rows).narrow(2, position, count).copy_(value);
            if (position == 0)
            {
                return (key, value);
            }

            (Tensor keys, Tensor values) = cache.Read(layer, row, rows, position + count);
            return (keys.MoveToOuterDisposeScope(), values.MoveToOuterDisposeScope());
        }
    }

    private sealed class StepMemory(KeyValueCache cache, int rows, long longest, Tensor index) : IKeyValueMemory
    {
        public (Tensor Keys, Tensor Values) Extend(int layer, Tensor key, Tensor value)
        {
            using var scope = NewDisposeScope();
            cache.flatKeys[layer].index_copy_(0, index, key.reshape(-1, cache.options.HeadSize));
            cache.flatValues[layer].index_copy_(0, index, value.reshape(-1, cache.options.HeadSize));
            (Tensor keys, Tensor values) = cache.Read(layer, 0, rows, longest);
            return (keys.MoveToOuterDisposeScope(), values.MoveToOuterDisposeScope());
        }
    }
}
