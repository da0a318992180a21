using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>Rows to a batch, padded on the right or packed into one line. Masks come from lengths, never from the padding id.</summary>
internal static class BatchCollator
{
    private const long Ignored = -100;

    /// <summary>The batch, on <paramref name="device"/>, detached from the current scope: the caller disposes it.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="device">Where the tensors are needed.</param>
    /// <param name="packed">Whether the rows stand one after the other in a single line, without padding.</param>
    public static TokenBatch Collate(IReadOnlyList<TokenizedExample> rows, Device device, bool packed = false)
    {
        int width = packed ? rows.Sum(r => r.InputIds.Length) : rows.Max(r => r.InputIds.Length);
        long[] shape = [packed ? 1 : rows.Count, width];
        var ids = new long[shape[0] * width];
        var labels = new long[ids.Length];
        var positions = new List<long>();
        var targets = new List<long>();
        var owners = new List<int>();
        var starts = new int[rows.Count];
        Array.Fill(labels, Ignored);
        for (int i = 0; i < rows.Count; i++)
        {
            TokenizedExample row = rows[i];
            starts[i] = !packed ? i * width : i == 0 ? 0 : starts[i - 1] + rows[i - 1].InputIds.Length;
            for (int t = 0; t < row.InputIds.Length; t++)
            {
                ids[starts[i] + t] = row.InputIds[t];
                if (t < row.PromptTokenCount)
                {
                    continue;
                }

                labels[starts[i] + t] = row.InputIds[t];
                if (t > 0)
                {
                    positions.Add(starts[i] + t - 1); // the hidden state before a token predicts it
                    targets.Add(row.InputIds[t]);
                    owners.Add(i);
                }
            }
        }

        if (targets.Count == 0)
        {
            throw new ArgumentException("A batch without a supervised token has no loss.", nameof(rows));
        }

        return new TokenBatch(
            Own(ids, shape, device),
            Own(labels, shape, device),
            Own([.. positions], [positions.Count], device),
            Own([.. targets], [targets.Count], device),
            [.. rows.Select(r => r.RowId)],
            [.. rows.Select(r => r.InputIds.Length)],
            [.. rows.Select(r => r.Role)],
            owners) { Rows = rows, RowStarts = starts, IsPacked = packed };
    }

    private static Tensor Own(long[] values, long[] shape, Device device) => tensor(values, shape, device: device).DetachFromDisposeScope();
}
