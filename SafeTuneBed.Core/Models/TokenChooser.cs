using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>From hidden states to the next token of each row: greedy or sampled, with or without a penalty on repetition.</summary>
internal sealed class TokenChooser(Decoder decoder, GenerationOptions options)
{
    private readonly TokenSampler? sampler = options.Temperature > 0 ? new TokenSampler(options.Temperature, options.TopK, options.TopP) : null;
    private readonly double penalty = options.RepetitionPenalty;
    private readonly float[] penalized = options.RepetitionPenalty == 1 ? [] : new float[decoder.VocabularySize];

    /// <summary>One id a row.</summary>
    /// <param name="hidden_BD">Hidden states of the rows' last tokens.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="chosen">Receives the ids; -1 where the row's logits are not finite.</param>
    public void Choose(Tensor hidden_BD, ReadOnlySpan<GenerationRow> rows, Span<int> chosen)
    {
        using var scope = NewDisposeScope();
        Tensor logits_BV = decoder.Head(hidden_BD).to(ScalarType.Float32);
        Tensor sums_B = logits_BV.sum(-1).cpu();   // not finite as soon as one logit is not
        ReadOnlySpan<float> sums = MemoryMarshal.Cast<byte, float>(sums_B.bytes);
        if (sampler is null && penalty == 1)
        {
            Tensor best_B = logits_BV.argmax(-1).cpu();
            ReadOnlySpan<long> best = MemoryMarshal.Cast<byte, long>(best_B.bytes);
            for (int r = 0; r < rows.Length; r++)
            {
                chosen[r] = float.IsFinite(sums[r]) ? (int)best[r] : -1;
            }

            return;
        }

        Tensor host_BV = logits_BV.cpu().contiguous();
        int vocabulary = decoder.VocabularySize;
        for (int r = 0; r < rows.Length; r++)
        {
            Span<byte> bytes = host_BV.select(0, r).bytes;
            chosen[r] = float.IsFinite(sums[r]) ? Choose(MemoryMarshal.Cast<byte, float>(bytes)[..vocabulary], rows[r]) : -1;
        }
    }

    private int Choose(ReadOnlySpan<float> logits, GenerationRow row)
    {
        if (penalty != 1)
        {
            logits = Penalize(logits, row.Seen);
        }

        return sampler?.Draw(logits, row.NextUniform()) ?? Largest(logits);
    }

    // The first of equals.
    private static int Largest(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int id = 1; id < logits.Length; id++)
        {
            best = logits[id] > logits[best] ? id : best;
        }

        return best;
    }

    // Keskar et al. 2019 in the form of transformers: what was there before is divided by the penalty where positive, else multiplied.
    private ReadOnlySpan<float> Penalize(ReadOnlySpan<float> logits, IReadOnlyCollection<int> seen)
    {
        logits.CopyTo(penalized);
        foreach (int id in seen)
        {
            penalized[id] = (float)(penalized[id] > 0 ? penalized[id] / penalty : penalized[id] * penalty);
        }

        return penalized;
    }
}
