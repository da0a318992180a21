using SafeTuneBed.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Rows that are decoded together: one pass over the left-padded prompts, then one token a step for the rows that are left.</summary>
internal sealed class GenerationBatch : IDisposable
{
    private const int FirstCapacity = 64;

    private readonly Decoder decoder;
    private readonly List<GenerationRow> rows;
    private readonly TokenSampler? sampler;
    private readonly int width;
    private readonly int limit;
    private readonly KeyValueCache cache;
    private readonly Tensor? mask_BS;

    /// <summary>A batch of prompts; the caller has entered inference mode.</summary>
    public GenerationBatch(Decoder decoder, IReadOnlyList<GenerationRow> prompts, GenerationOptions options)
    {
        this.decoder = decoder;
        rows = [.. prompts];
        sampler = options.Temperature > 0 ? new TokenSampler(options.Temperature, options.TopK, options.TopP) : null;
        width = rows.Max(r => r.Prompt.Length);

        // A short prompt beside a long one may use positions of the cache beyond the context: its own are counted without padding.
        limit = (int)Math.Min(width + (long)options.MaxNewTokens, width + (long)decoder.Options.ContextLength);
        cache = new KeyValueCache(decoder.Options, rows.Count, Math.Min(limit, width + FirstCapacity), limit, decoder.ComputeType, decoder.Device);
        mask_BS = rows.TrueForAll(r => r.Prompt.Length == width) ? null : PaddingMask();
    }

    /// <summary>Decodes until every row is finished.</summary>
    /// <param name="judge">The reason for which a row ends after its newest id, or null.</param>
    /// <param name="finish">Takes each finished row's index and answer.</param>
    /// <param name="cancellationToken">Asked before every step.</param>
    public void Run(Func<GenerationRow, FinishReason?> judge, Action<int, GeneratedIds> finish, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Tensor hidden_B1D = Prefill();
        while (true)
        {
            int?[] chosen;
            using (hidden_B1D)
            {
                chosen = Choose(hidden_B1D);
            }

            Settle(chosen, judge, finish);
            if (rows.Count == 0)
            {
                return;
            }

            cancellationToken.ThrowIfCancellationRequested();
            hidden_B1D = Step();
        }
    }

    public void Dispose()
    {
        cache.Dispose();
        mask_BS?.Dispose();
    }

    private Tensor Prefill()
    {
        using var scope = NewDisposeScope();
        long[] ids = new long[rows.Count * width];
        bool[] real = new bool[ids.Length];
        for (int r = 0; r < rows.Count; r++)
        {
            int start = ((r + 1) * width) - rows[r].Prompt.Length;
            for (int i = 0; i < rows[r].Prompt.Length; i++)
            {
                ids[start + i] = rows[r].Prompt[i];
                real[start + i] = true;
            }
        }

        Tensor ids_BT = tensor(ids, [rows.Count, width], device: decoder.Device);
        Tensor? real_BT = mask_BS is null ? null : tensor(real, [rows.Count, width], device: decoder.Device);
        return decoder.Hidden(ids_BT, real_BT, null, cache).narrow(1, width - 1, 1).clone().MoveToOuterDisposeScope();
    }

    private Tensor Step()
    {
        using var scope = NewDisposeScope();
        long[] ids = new long[rows.Count], positions = new long[rows.Count];
        long bound = 0;
        for (int r = 0; r < rows.Count; r++)
        {
            ids[r] = rows[r].NewIds[^1];
            positions[r] = rows[r].Length - 1;
            bound = Math.Max(bound, rows[r].Length);
        }

        Tensor? mask = mask_BS?.narrow(0, 0, rows.Count).narrow(1, 0, cache.Length + 1);
        Tensor ids_B1 = tensor(ids, [rows.Count, 1], device: decoder.Device), positions_B1 = tensor(positions, [rows.Count, 1], device: decoder.Device);
        return decoder.Decode(ids_B1, positions_B1, bound, mask, cache).MoveToOuterDisposeScope();
    }

    // One id a row; null where the row's logits are not finite.
    private int?[] Choose(Tensor hidden_B1D)
    {
        using var scope = NewDisposeScope();
        Tensor logits_BV = decoder.Head(hidden_B1D.squeeze(1)).to(ScalarType.Float32);
        float[] sums = logits_BV.sum(-1).cpu().data<float>().ToArray();   // not finite as soon as one logit is not
        var chosen = new int?[rows.Count];
        if (sampler is null)
        {
            long[] best = logits_BV.argmax(-1).cpu().data<long>().ToArray();
            for (int r = 0; r < chosen.Length; r++)
            {
                chosen[r] = float.IsFinite(sums[r]) ? (int)best[r] : null;
            }

            return chosen;
        }

        int vocabulary = decoder.VocabularySize;
        float[] logits = logits_BV.cpu().contiguous().data<float>().ToArray();
        for (int r = 0; r < chosen.Length; r++)
        {
            chosen[r] = float.IsFinite(sums[r]) ? sampler.Draw(logits.AsSpan(r * vocabulary, vocabulary), rows[r].NextUniform()) : null;
        }

        return chosen;
    }

    private void Settle(int?[] chosen, Func<GenerationRow, FinishReason?> judge, Action<int, GeneratedIds> finish)
    {
        // From the end, since a row that leaves is replaced by the last one.
        for (int r = rows.Count - 1; r >= 0; r--)
        {
            GenerationRow row = rows[r];
            FinishReason? reason = FinishReason.Error;
            if (chosen[r] is { } id)
            {
                row.NewIds.Add(id);
                reason = judge(row);
            }

            if (reason is { } ended)
            {
                Remove(r);
                finish(row.Index, new GeneratedIds(row.NewIds, ended));
            }
        }
    }

    private void Remove(int r)
    {
        cache.RemoveRow(r);
        int last = rows.Count - 1;
        if (r < last)
        {
            rows[r] = rows[last];
            using var scope = NewDisposeScope();
            mask_BS?.select(0, r).copy_(mask_BS.select(0, last));
        }

        rows.RemoveAt(last);
    }

    // 0 everywhere but at the padding, for all positions that can ever be filled.
    private Tensor PaddingMask()
    {
        using var scope = NewDisposeScope();
        Tensor mask = zeros([rows.Count, limit], decoder.ComputeType, decoder.Device);
        for (int r = 0; r < rows.Count; r++)
        {
            mask.select(0, r).narrow(0, 0, width - rows[r].Prompt.Length).fill_(KeptScalar.Of(double.NegativeInfinity));
        }

        return mask.DetachFromDisposeScope();
    }
}
