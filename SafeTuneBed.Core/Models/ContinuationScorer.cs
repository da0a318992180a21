using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Log-probabilities of continuations. Only the continuation's own positions pass the output head, and inputs that are a part of one another are computed once.</summary>
/// <remarks>Runs synchronously on the calling thread, which must be the decoder's.</remarks>
internal sealed class ContinuationScorer(Decoder decoder)
{
    private const int MostTokens = 8192;
    private const int MostRows = 64;
    private const long MostLogits = 1L << 24;

    /// <summary>Scores each continuation after its context, in the order of the requests.</summary>
    /// <param name="requests">Ids of context (at least one) and continuation; an empty continuation scores 0 over 0 tokens.</param>
    /// <param name="cancellationToken">Asked before every batch.</param>
    /// <returns>Sums of natural logarithms; not a number where the model's logits are not finite.</returns>
    /// <exception cref="SafeTuneBedException">A request has no context or exceeds the model's context length.</exception>
    public IReadOnlyList<ContinuationScore> Score(IReadOnlyList<(int[] Context, int[] Continuation)> requests, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        int[][] inputs = new int[requests.Count][];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = Input(i, requests[i].Context, requests[i].Continuation);
        }

        var scores = new ContinuationScore[requests.Count];
        using var inference = inference_mode();
        foreach (List<SharedInput> batch in Alike(inputs).SelectMany(Batches))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Score(batch, requests, scores);
        }

        return scores;
    }

    private int[] Input(int index, int[] context, int[] continuation)
    {
        int[] all = [.. context, .. continuation];
        decoder.CheckIds(all);
        if (context.Length == 0)
        {
            throw new SafeTuneBedException($"Request {index} has an empty context, but a first token has no probability. Use a template that begins with a beginning-of-text token.");
        }

        if (all.Length > decoder.Options.ContextLength)
        {
            throw new SafeTuneBedException($"Request {index} has {context.Length} + {continuation.Length} tokens, more than the model's context of {decoder.Options.ContextLength}. Shorten it.");
        }

        return continuation.Length == 0 ? context : all[..^1];   // the last token is only predicted
    }

    // Where long inputs turn positions otherwise, neither their beginnings nor rows beside them are those of short ones.
    private IEnumerable<IReadOnlyList<SharedInput>> Alike(int[][] inputs)
    {
        if (decoder.Options.Rope.SwitchLength is not { } most)
        {
            return [SharedInput.Share(inputs)];
        }

        return Enumerable.Range(0, inputs.Length).GroupBy(i => inputs[i].Length > most).Select(group =>
        {
            int[] own = [.. group];
            IReadOnlyList<SharedInput> shared = SharedInput.Share([.. own.Select(i => inputs[i])]);
            return (IReadOnlyList<SharedInput>)[.. shared.Select(s => s.Renumbered(i => own[i]))];
        });
    }

    private static IEnumerable<List<SharedInput>> Batches(IEnumerable<SharedInput> inputs)
    {
        var batch = new List<SharedInput>();
        foreach (SharedInput input in inputs.OrderByDescending(i => i.Ids.Length))
        {
            if (batch.Count > 0 && (batch.Count == MostRows || (batch.Count + 1) * batch[0].Ids.Length > MostTokens))
            {
                yield return batch;
                batch = [];
            }

            batch.Add(input);
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private void Score(List<SharedInput> batch, IReadOnlyList<(int[] Context, int[] Continuation)> requests, ContinuationScore[] scores)
    {
        using var scope = NewDisposeScope();
        int width = batch[0].Ids.Length;
        long[] ids = new long[batch.Count * width];
        var places = new List<long>();
        var targets = new List<long>();
        var owners = new List<int>();
        for (int r = 0; r < batch.Count; r++)
        {
            Array.Copy(batch[r].Ids, 0, ids, r * width, batch[r].Ids.Length);
            foreach (int request in batch[r].Requests)
            {
                (int[] context, int[] continuation) = requests[request];
                scores[request] = new ContinuationScore(0, 0, true);
                for (int i = 0; i < continuation.Length; i++)
                {
                    places.Add(((long)r * width) + context.Length - 1 + i);
                    targets.Add(continuation[i]);
                    owners.Add(request);
                }
            }
        }

        Tensor hidden_ND = decoder.Hidden(tensor(ids, [batch.Count, width], device: decoder.Device)).view(-1, decoder.Options.HiddenSize);
        int chunk = (int)Math.Clamp(MostLogits / decoder.Options.VocabularySize, 1, 4096);
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
