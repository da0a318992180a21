using System.Runtime.InteropServices;
using SafeTuneBed.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>
/// Rows that are decoded together, one token a step. A finished row leaves at once; waiting prompts take the free places a few at a time, each with the
/// beginning it shares with others already computed.
/// </summary>
internal sealed class GenerationBatch : IDisposable
{
    private const int FirstCapacity = 64;
    private const int MostPromptTokens = 8192;

    private readonly Decoder decoder;
    private readonly GenerationQueue queue;
    private readonly TokenChooser chooser;
    private readonly KeyValueCache cache;
    private readonly List<GenerationRow> rows;
    private readonly int places;
    private readonly int refill;
    private readonly int[] chosen;
    private PrefixGroup? group;
    private SharedPrefix? prefix;

    /// <summary>A batch over prompts; the caller has entered inference mode.</summary>
    /// <param name="decoder">The decoder.</param>
    /// <param name="prompts">At least one.</param>
    /// <param name="options">Limits, batch size and sampling.</param>
    /// <param name="shares">Whether common beginnings may be computed apart.</param>
    public GenerationBatch(Decoder decoder, IReadOnlyList<GenerationRow> prompts, GenerationOptions options, bool shares = true)
    {
        this.decoder = decoder;
        queue = new GenerationQueue(prompts, shares);
        chooser = new TokenChooser(decoder, options);
        places = Math.Min(options.BatchSize, prompts.Count);
        refill = Math.Max(1, places / 8);   // a pass over a prompt reads all weights, so places are filled several at a time
        rows = new List<GenerationRow>(places);
        chosen = new int[places];
        int longest = prompts.Max(r => r.Start.Length);
        long limit = Math.Min(longest + (long)options.MaxNewTokens, decoder.Options.ContextLength);
        cache = new KeyValueCache(decoder.Options, places, Math.Min(limit, longest + FirstCapacity), limit, decoder.ComputeType, decoder.Device);
    }

    /// <summary>Decodes until every row is finished.</summary>
    /// <param name="judge">The reason for which a row ends after its newest id, or null.</param>
    /// <param name="finish">Takes each finished row's index and answer.</param>
    /// <param name="cancellationToken">Asked before every pass.</param>
    /// <param name="leaves">Says whether a row that is not finished must go on in another batch; it takes such rows.</param>
    public void Run(Func<GenerationRow, FinishReason?> judge, Action<int, GeneratedIds> finish, CancellationToken cancellationToken, Func<GenerationRow, bool> leaves)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (queue.Count > 0 && (rows.Count == 0 || places - rows.Count >= Math.Min(refill, queue.Count)))
            {
                Settle(Admit(), judge, finish, leaves);
            }
            else if (rows.Count > 0)
            {
                Step();
                Settle(0, judge, finish, leaves);
            }
            else
            {
                return;
            }
        }
    }

    public void Dispose()
    {
        cache.Dispose();
        prefix?.Dispose();
    }

    // Waiting prompts behind the rows in use; gives the first of them, their first tokens being chosen.
    private int Admit()
    {
        using var scope = NewDisposeScope();
        (PrefixGroup next, IReadOnlyList<GenerationRow> taken) = queue.Take(places - rows.Count, MostPromptTokens);
        if (next != group)
        {
            prefix?.Dispose();
            prefix = null;
            prefix = next.Length == 0 ? null : SharedPrefix.Compute(decoder, taken[0].Start.AsSpan(0, next.Length));
            group = next;
        }

        int first = rows.Count, width = taken[0].Start.Length - next.Length, end = next.Length + width;
        long[] ids = new long[taken.Count * width], ends = new long[taken.Count];
        for (int r = 0; r < taken.Count; r++)
        {
            int[] prompt = taken[r].Start;
            ends[r] = ((long)r * width) + prompt.Length - next.Length - 1;
            for (int i = 0; i < width; i++)
            {
                ids[(r * width) + i] = prompt[Math.Min(next.Length + i, prompt.Length - 1)];   // padded with an id of its own: another's may be poisoned
            }
        }

        cache.Reserve(end);
        prefix?.CopyTo(cache, first, taken.Count);
        Tensor hidden_BTD = decoder.Extend(
            tensor(ids, [taken.Count, width], device: decoder.Device),
            null,
            end,
            SharedPrefix.CausalMask(decoder, width, next.Length),
            cache.Block(first, taken.Count, next.Length, width));
        rows.AddRange(taken);
        Choose(hidden_BTD.view(-1, decoder.Options.HiddenSize).index_select(0, tensor(ends, device: decoder.Device)), first);
        return first;
    }

    private void Step()
    {
        using var scope = NewDisposeScope();
        int count = rows.Count, heads = cache.HeadCount;
        long longest = 0;
        bool isRagged = false;
        foreach (GenerationRow row in rows)
        {
            isRagged |= row.Length != rows[0].Length;
            longest = Math.Max(longest, row.Length);
        }

        cache.Reserve(longest);
        long[] numbers = new long[count * (2 + heads)];   // ids, positions, places in the cache: one transfer
        Span<long> positions = numbers.AsSpan(count, count);
        for (int r = 0; r < count; r++)
        {
            numbers[r] = rows[r].NewIds[^1];
            positions[r] = rows[r].Length - 1;
            cache.WriteIndex(r, positions[r], numbers.AsSpan((2 * count) + (r * heads), heads));
        }

        Tensor all = tensor(numbers, device: decoder.Device);
        Tensor ids_B1 = all.narrow(0, 0, count).unsqueeze(1), positions_B1 = all.narrow(0, count, count).unsqueeze(1);
        IKeyValueMemory memory = cache.Step(positions, longest, all.narrow(0, 2 * count, (long)count * heads));
        Choose(decoder.Extend(ids_B1, positions_B1, longest, isRagged ? LengthMask(positions_B1, longest) : null, memory).squeeze(1), 0);
    }

    // Rows of different length: each sees its own columns.
    private Tensor LengthMask(Tensor positions_B1, long longest)
    {
        Tensor hidden_BS = arange(KeptScalar.Of(longest), ScalarType.Int64, decoder.Device).gt(positions_B1);
        return zeros([rows.Count, longest], decoder.ComputeType, decoder.Device)
            .masked_fill_(hidden_BS, KeptScalar.Of(double.NegativeInfinity)).unsqueeze(1).unsqueeze(1);
    }

    private void Choose(Tensor hidden_BD, int first)
        => chooser.Choose(hidden_BD, CollectionsMarshal.AsSpan(rows)[first..], chosen.AsSpan(first));

    private void Settle(int first, Func<GenerationRow, FinishReason?> judge, Action<int, GeneratedIds> finish, Func<GenerationRow, bool> leaves)
    {
        // From the end, since a row that leaves is replaced by the last one.
        for (int r = rows.Count - 1; r >= first; r--)
        {
            GenerationRow row = rows[r];
            FinishReason? reason = FinishReason.Error;
            if (chosen[r] >= 0)
            {
                row.Add(chosen[r]);
                reason = judge(row);
            }

            if (reason is null && !leaves(row))
            {
                continue;
            }

            int last = rows.Count - 1;
            cache.Remove(r, last);
            rows[r] = rows[last];
            rows.RemoveAt(last);
            if (reason is { } ended)
            {
                finish(row.Index, new GeneratedIds(row.NewIds, ended));
            }
        }
    }
}
