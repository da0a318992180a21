using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Merges adapters into a loaded decoder for good: W + s B A for every adapted layer. What they saved whole takes the place of the model's.</summary>
internal static class MergedWeights
{
    /// <summary>Merges one adapter. The sum is formed in f32 (f64 where the decoder computes in it) and rounded once to the decoder's type, as a merged folder on disk has it.</summary>
    /// <exception cref="ModelFormatException">The adapter does not fit the model.</exception>
    /// <exception cref="ConfigurationException">It changes the number of rows of the vocabulary, or parts a tied output head from its embedding, which only a folder on disk can hold.</exception>
    public static void Merge(Decoder decoder, PeftAdapter peft)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        IReadOnlyDictionary<string, Tensor> whole = AdapterFit.Check(decoder, peft);
        CheckHead(decoder, peft, whole);
        foreach ((string name, Tensor value) in whole.Where(w => decoder.Weights.ContainsKey(w.Key)))
        {
            decoder.Weights[name].copy_(value);
        }

        var rules = new AdapterRules(peft.Config);
        foreach ((string path, (Tensor a, Tensor b)) in peft.Factors)
        {
            using var layer = NewDisposeScope();
            decoder.Weights[path + ".weight"].copy_(Sum(decoder.Weights[path + ".weight"], a, b, rules.ScalingOf(path)));
        }
    }

    /// <summary>W + s B A in f32, or in f64 where W is.</summary>
    /// <param name="weight">[out, in].</param>
    /// <param name="a">[r, in].</param>
    /// <param name="b">[out, r].</param>
    /// <param name="scaling">s.</param>
    public static Tensor Sum(Tensor weight, Tensor a, Tensor b, double scaling)
    {
        ScalarType type = weight.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        return weight.to(type).addmm(b.to(type).to(weight.device), a.to(type).to(weight.device), 1f, (float)scaling);
    }

    private static void CheckHead(Decoder decoder, PeftAdapter peft, IReadOnlyDictionary<string, Tensor> whole)
    {
        string embedding = WeightLayout.Embedding(decoder.Options), head = WeightLayout.Head(decoder.Options);
        bool resizes = whole.Where(w => w.Key == embedding || w.Key == head).Any(w => w.Value.shape[0] != decoder.Weights[embedding].shape[0]);
        bool parts = decoder.Options.TieWordEmbeddings
            && (peft.Factors.ContainsKey(decoder.HeadLayer.Path) || !ReferenceEquals(whole.GetValueOrDefault(embedding), whole.GetValueOrDefault(head)));
        if (resizes || parts)
        {
            throw new ConfigurationException(
                $"The adapter {peft.Source} {(resizes ? "changes the number of rows of the vocabulary" : "gives a tied output head weights of its own")}, so it can't be merged in memory. Merge it into a folder with ModelArtifact.MergeAsync, and use that as the model.");
        }
    }
}
