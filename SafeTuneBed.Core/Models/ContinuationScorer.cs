using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>
/// Log-probabilities of continuations. A context with all its continuations is one row, what many contexts begin with is computed once, and only the
/// continuations' own positions pass the output head.
/// </summary>
/// <remarks>Runs synchronously on the calling thread, which must be the decoder's.</remarks>
internal sealed class ContinuationScorer(Decoder decoder)
{
    private const int MostTokens = 8192;
    private const int MostRows = 64;
    private const int MostTreeTokens = 2048;
    private const long MostMaskNumbers = 1L << 25;
    private const long MostLogits = 1L << 24;

    /// <summary>Scores each continuation after its context, in the order of the requests.</summary>
    /// <param name="requests">Ids of context (at least one) and continuation; an empty continuation scores 0 over 0 tokens.</param>
    /// <param name="cancellationToken">Asked before every batch.</param>
    /// <returns>Sums of natural logarithms; not a number where the model's logits are not finite.</returns>
    /// <exception cref="SafeTuneBedException">A request has no context or exceeds the model's context length.</exception>
    public IReadOnlyList<ContinuationScore> Score(IReadOnlyList<(int[] Context, int[] Continuation)> requests, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        for (int i = 0; i < requests.Count; i++)
        {
            Check(i, requests[i].Context, requests[i].Continuation);
        }

        var scores = new ContinuationScore[requests.Count];
        using var inference = inference_mode();

        // Where long inputs turn positions otherwise, neither their beginnings nor rows beside them are those of short ones.
        int? most = decoder.Options.Rope.SwitchLength;
        foreach (IGrouping<bool, int> alike in Enumerable.Range(0, requests.Count).GroupBy(i => requests[i].Context.Length + Math.Max(0, requests[i].Continuation.Length - 1) > most))
        {
            Score(Trees(requests, [.. alike]), shares: !alike.Key, requests, scores, cancellationToken);
        }

        return scores;
    }

    private void Score(
        List<TokenTree> trees, bool shares, IReadOnlyList<(int[] Context, int[] Continuation)> requests, ContinuationScore[] scores, CancellationToken cancellationToken)
    {
        // The last token of a context stays its own: its hidden state is what the first token of a continuation is predicted from.
        IReadOnlyList<PrefixGroup> groups = shares
            ? PrefixGroup.Find([.. trees.Select(t => (ReadOnlyMemory<int>)t.Ids.Take(t.ContextLength - 1).ToArray())])
            : [new PrefixGroup(0, [.. Enumerable.Range(0, trees.Count)])];
        foreach (PrefixGroup group in groups)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using SharedPrefix? prefix = group.Length == 0 ? null : SharedPrefix.Compute(decoder, trees[group.Members[0]].Ids.Take(group.Length).ToArray());
            foreach (List<TokenTree> batch in Batches(group.Members.Select(m => trees[m]), group.Length))
            {
                cancellationToken.ThrowIfCancellationRequested();
                Score(batch, prefix, requests, scores);
            }
        }
    }

    private void Check(int index, int[] context, int[] continuation)
    {
        decoder.CheckIds(context);
        decoder.CheckIds(continuation);
        if (context.Length == 0)
        {
            throw new SafeTuneBedException($"Request {index} has an empty context, but a first token has no probability. Use a template that begins with a beginning-of-text token.");
        }

        // the last token is predicted, never read
        if (context.Length + Math.Max(0, continuation.Length - 1) > decoder.Options.ContextLength)
        {
            throw new PromptTooLongException(index, context.Length, continuation.Length, decoder.Options.ContextLength);
        }
    }

    private static List<TokenTree> Trees(IReadOnlyList<(int[] Context, int[] Continuation)> requests, int[] order)
    {
        Array.Sort(order, (a, b) => requests[a].Context.AsSpan().SequenceCompareTo(requests[b].Context) is not 0 and var c ? c : a.CompareTo(b));
        var trees = new List<TokenTree>();
        for (int start = 0, end; start < order.Length; start = end)
        {
            int[] context = requests[order[start]].Context;
            int tokens = context.Length + requests[order[start]].Continuation.Length;
            for (end = start + 1; end < order.Length && requests[order[end]].Context.AsSpan().SequenceEqual(context); end++)
            {
                tokens += requests[order[end]].Continuation.Length;
                if (tokens > MostTreeTokens)
                {
                    break;
                }
            }

            trees.Add(TokenTree.Build(context, order[start..end].Select(r => (r, requests[r].Continuation))));
        }

        return trees;
    }

    private static IEnumerable<List<TokenTree>> Batches(IEnumerable<TokenTree> trees, int prefix)
    {
        var batch = new List<TokenTree>();
        foreach (TokenTree tree in trees.OrderByDescending(t => t.Ids.Count))
        {
            if (batch.Count > 0)
            {
                long width = batch[0].Ids.Count - prefix, tokens = (batch.Count + 1) * width;
                if (batch.Count == MostRows || tokens > MostTokens || tokens * (prefix + width) > MostMaskNumbers)
                {
                    yield return batch;
                    batch = [];
                }
            }

            batch.Add(tree);
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private void Score(List<TokenTree> batch, SharedPrefix? prefix, IReadOnlyList<(int[] Context, int[] Continuation)> requests, ContinuationScore[] scores)
    {
        using var scope = NewDisposeScope();
        var input = new TreeBatch(batch, prefix?.Length ?? 0);
        var places = new List<long>();
        var targets = new List<long>();
        var owners = new List<int>();
        for (int r = 0; r < batch.Count; r++)
        {
            foreach ((int request, int[] own) in batch[r].Requests)
            {
                int[] continuation = requests[request].Continuation;
                scores[request] = new ContinuationScore(0, 0, true);
                for (int i = 0; i < continuation.Length; i++)
                {
                    places.Add(input.Place(r, own[i]));
                    targets.Add(continuation[i]);
                    owners.Add(request);
                }
            }
        }

        Tensor hidden_ND = input.Hidden(decoder, prefix).view(-1, decoder.Options.HiddenSize);
        int chunk = (int)Math.Clamp(MostLogits / decoder.VocabularySize, 1, 4096);
        for (int start = 0; start < places.Count; start += chunk)
        {
            int count = Math.Min(chunk, places.Count - start);
            (double[] logs, bool[] greedy) = Look(hidden_ND, [.. places.GetRange(start, count)], [.. targets.GetRange(start, count)]);
            for (int i = 0; i < count; i++)
            {
                ContinuationScore old = scores[owners[start + i]];
                scores[owners[start + i]] = new ContinuationScore(old.LogProbability + logs[i], old.TokenCount + 1, old.IsGreedy && greedy[i]);
            }
        }
    }

    private (double[] Logs, bool[] Greedy) Look(Tensor hidden_ND, long[] places, long[] targets)
    {
        using var scope = NewDisposeScope();
        Tensor logits_NV = decoder.Head(hidden_ND.index_select(0, tensor(places, device: decoder.Device)));
        Tensor targets_N = tensor(targets, device: decoder.Device);
        Tensor logs_N = logits_NV.gather(1, targets_N.unsqueeze(1)).squeeze(1).sub(logits_NV.logsumexp(-1));
        double[] logs = logs_N.to(ScalarType.Float64).cpu().data<double>().ToArray();
        bool[] greedy = logits_NV.argmax(-1).eq(targets_N).cpu().data<bool>().ToArray();
        return (logs, greedy);
    }
}
