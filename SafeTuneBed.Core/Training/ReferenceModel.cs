using SafeTuneBed.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>
/// The model as it was before this training: the same weights without what is trained on top of them, so it costs no memory. It has no dropout, and nothing of it has a graph.
/// </summary>
/// <remarks>
/// Log-probabilities of a whole set of rows are formed at once, in batches that depend on the set alone: a run that goes on after a restart computes them again, to the bit.
/// </remarks>
internal sealed class ReferenceModel(TrainingSession session, Decoder decoder, int batchSize, IReadOnlyList<IReadOnlyList<TokenizedExample>> sets)
{
    private readonly Dictionary<TokenizedExample, float[]> known = new(ReferenceEqualityComparer.Instance);

    /// <summary>One pass over a batch.</summary>
    public ModelOutput Forward(TokenBatch batch, IEnumerable<Site>? read = null)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (!session.Needs.UsesReference)
        {
            throw new InvalidOperationException("This method did not ask for a reference model. Override Needs with MethodNeeds.Reference, joined to others by And.");
        }

        LoraAdapter.Detach(decoder);
        try
        {
            using var noGrad = no_grad();
            return read is null ? Pass(null) : session.Activations.Reading(read, null, Pass);
        }
        finally
        {
            session.Lora.Adapter.Attach(decoder);
        }

        ModelOutput Pass(SiteTaps? taps) => new(decoder, batch, session.Hidden(batch, taps), session.Needs);
    }

    /// <summary>The mean over supervised tokens of KL(reference || model).</summary>
    public Tensor Divergence(TokenBatch batch, ModelOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        using var scope = NewDisposeScope();
        return output.DivergenceFrom(Forward(batch)).MoveToOuterDisposeScope();
    }

    /// <summary>Log-probabilities of a batch's supervised tokens, [N]; of the run's own rows from memory.</summary>
    public Tensor LogProbabilities(TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (!batch.Rows.All(IsKnown))
        {
            using var scope = NewDisposeScope();
            return Values(batch).MoveToOuterDisposeScope();
        }

        // In the order of the targets, whatever that is.
        var next = new int[batch.Rows.Count];
        float[] values = [.. batch.TargetRows.Select(row => known[batch.Rows[row]][next[row]++])];
        return tensor(values, device: decoder.Device);
    }

    private Tensor Values(TokenBatch batch)
    {
        using var noGrad = no_grad();
        return Forward(batch).TokenLogProbabilities();
    }

    private bool IsKnown(TokenizedExample row)
    {
        if (!known.ContainsKey(row) && sets.FirstOrDefault(s => s.Any(r => ReferenceEquals(r, row))) is { } set)
        {
            Fill(set);
        }

        return known.ContainsKey(row);
    }

    private void Fill(IReadOnlyList<TokenizedExample> set)
    {
        foreach (TokenizedExample[] rows in set.OrderBy(r => r.InputIds.Length).Chunk(batchSize))
        {
            using var scope = NewDisposeScope();
            using TokenBatch batch = BatchCollator.Collate(rows, decoder.Device);
            float[] values = Values(batch).cpu().data<float>().ToArray();
            for (int i = 0; i < rows.Length; i++)
            {
                known[rows[i]] = [.. values.Where((_, n) => batch.TargetRows[n] == i)];
            }
        }
    }
}
