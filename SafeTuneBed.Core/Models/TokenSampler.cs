namespace SafeTuneBed.Models;

/// <summary>
/// Draws one token from a row of logits: temperature, then the k likeliest, then the nucleus (Holtzman et al. 2020) of what is left, in the order of
/// transformers. Runs in double precision on the CPU by inverting the distribution function in the order of ids, so that nearly equal probabilities can't
/// swap places between runs.
/// </summary>
internal sealed class TokenSampler(double temperature, int topK, double topP)
{
    private readonly List<(int Id, double Weight)> candidates = [];

    /// <summary>The id that a uniform number in [0, 1) selects. Logits must be finite.</summary>
    public int Draw(ReadOnlySpan<float> logits, double uniform)
    {
        Weigh(logits);
        if (topP < 1)
        {
            KeepNucleus();
        }

        double target = uniform * Total();
        foreach ((int id, double weight) in candidates)
        {
            target -= weight;
            if (target < 0)
            {
                return id;
            }
        }

        return candidates.FindLast(c => c.Weight > 0).Id;   // rounding used up the last of the mass
    }

    // Candidates in the order of ids, weighted relative to the likeliest.
    private void Weigh(ReadOnlySpan<float> logits)
    {
        candidates.Clear();
        float largest = float.NegativeInfinity;
        foreach (float logit in logits)
        {
            largest = Math.Max(largest, logit);
        }

        if (topK <= 0 || topK >= logits.Length)
        {
            for (int id = 0; id < logits.Length; id++)
            {
                candidates.Add((id, Math.Exp(((double)logits[id] - largest) / temperature)));
            }

            return;
        }

        var kept = new PriorityQueue<int, (float Logit, int Order)>();   // least likely first; of equals the later id
        for (int id = 0; id < logits.Length; id++)
        {
            if (kept.Count < topK)
            {
                kept.Enqueue(id, (logits[id], -id));
            }
            else
            {
                kept.EnqueueDequeue(id, (logits[id], -id));
            }
        }

        foreach (int id in kept.UnorderedItems.Select(i => i.Element).Order())
        {
            candidates.Add((id, Math.Exp(((double)logits[id] - largest) / temperature)));
        }
    }

    // The fewest likeliest tokens whose share reaches top-p, the one that reaches it included.
    private void KeepNucleus()
    {
        double total = Total();

        // Everything below this threshold together weighs less than what may be cut, so only the rest needs sorting.
        double threshold = (1 - topP) * total / candidates.Count;
        candidates.RemoveAll(c => c.Weight < threshold);
        candidates.Sort((a, b) => a.Weight != b.Weight ? b.Weight.CompareTo(a.Weight) : a.Id.CompareTo(b.Id));
        double sum = 0;
        int count = 0;
        while (count < candidates.Count && (count == 0 || sum < topP * total))
        {
            sum += candidates[count++].Weight;
        }

        candidates.RemoveRange(count, candidates.Count - count);
        candidates.Sort((a, b) => a.Id.CompareTo(b.Id));
    }

    private double Total()
    {
        double total = 0;
        foreach ((_, double weight) in candidates)
        {
            total += weight;
        }

        return total;
    }
}
