using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>Rows to a right-padded batch. Masks come from lengths, never from the padding id.</summary>
internal static class BatchCollator
{
    private const long Ignored = -100;

    /// <summary>The batch, on <paramref name="device"/>, detached from the current scope: the caller disposes it.</summary>
    public static TokenBatch Collate(IReadOnlyList<TokenizedExample> rows, Device device)
    {
        int width = rows.Max(r => r.InputIds.Length);
        var ids = new long[rows.Count * width];
        var labels = new long[ids.Length];
        var positions = new List<long>();
        var targets = new List<long>();
        var owners = new List<int>();
        Array.Fill(labels, Ignored);
        for (int i = 0; i < rows.Count; i++)
        {
            TokenizedExample row = rows[i];
            for (int t = 0; t < row.InputIds.Length; t++)
            {
                ids[(i * width) + t] = row.InputIds[t];
                if (t < row.PromptTokenCount)
                {
                    continue;
                }

                labels[(i * width) + t] = row.InputIds[t];
                if (t > 0)
                {
                    positions.Add((i * width) + t - 1); // the hidden state before a token predicts it
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
            Own(ids, [rows.Count, width], device),
            Own(labels, [rows.Count, width], device),
            Own([.. positions], [positions.Count], device),
            Own([.. targets], [targets.Count], device),
            [.. rows.Select(r => r.RowId)],
            [.. rows.Select(r => r.InputIds.Length)],
            [.. rows.Select(r => r.Role)],
            owners);
    }

    private static Tensor Own(long[] values, long[] shape, Device device) => tensor(values, shape, device: device).DetachFromDisposeScope();
}
