using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Whether an adapter from disk belongs to a model: everything that its rules select is there, nothing else is, and each tensor has the right shape.</summary>
internal static class AdapterFit
{
    /// <summary>Checks an adapter; gives the weights to put in force beside the factors, by Hugging Face name. The tensors stay the adapter's.</summary>
    /// <exception cref="ModelFormatException">It does not fit; all faults.</exception>
    public static IReadOnlyDictionary<string, Tensor> Check(Decoder decoder, PeftAdapter peft)
    {
        var faults = new ModelFaults(peft.Source);
        var rules = new AdapterRules(peft.Config);
        CheckFactors(decoder, peft, rules, faults);
        Dictionary<string, Tensor> weights = Saved(decoder, peft, faults);
        faults.ThrowIfAny("The adapter does not fit the model: give the model and the adapter_config.json that it was trained with.");
        return weights;
    }

    private static void CheckFactors(Decoder decoder, PeftAdapter peft, AdapterRules rules, ModelFaults faults)
    {
        var layers = decoder.Linears.Append(decoder.HeadLayer).ToDictionary(l => l.Path, StringComparer.Ordinal);
        HashSet<string> targets = [.. TargetModules.Matching(decoder, rules).Select(l => l.Path)];
        foreach ((string path, (Tensor a, Tensor b)) in peft.Factors)
        {
            if (!layers.TryGetValue(path, out LinearLayer? layer))
            {
                faults.Add($"the model has no linear layer {ModelFaults.Quote(path)}");
            }
            else if (!targets.Contains(path))
            {
                faults.Add($"there are factors for '{path}', which the adapter's configuration does not select, so PEFT would leave them out");
            }
            else if (a.shape[1] != layer.Weight.shape[1] || b.shape[0] != RowsOf(layer, peft) || a.shape[0] != b.shape[1])
            {
                faults.Add($"'{path}' has factors [{string.Join(", ", a.shape)}] and [{string.Join(", ", b.shape)}] for a weight of [{string.Join(", ", layer.Weight.shape)}]");
            }
        }

        string[] missing = [.. layers.Keys.Where(p => targets.Contains(p) && !peft.Factors.ContainsKey(p))];
        if (missing.Length > 0)
        {
            faults.Add($"the factors of {missing.Length} of {targets.Count} layers that the adapter's configuration selects are missing: {string.Join(", ", missing)}");
        }

        string embedding = Module(WeightLayout.Embedding);
        if (rules.IsTarget(embedding, isHead: true))
        {
            faults.Add($"the adapter's configuration selects '{embedding}', but adapters on the embedding are not supported");
        }
    }

    // An adapted head may have got more rows.
    private static long RowsOf(LinearLayer layer, PeftAdapter peft) =>
        layer.Path == Module(WeightLayout.Head) && peft.Saved.TryGetValue(WeightLayout.Head, out Tensor? head) ? head.shape[0] : layer.Weight.shape[0];

    private static Dictionary<string, Tensor> Saved(Decoder decoder, PeftAdapter peft, ModelFaults faults)
    {
        Dictionary<string, long[]> known = decoder.Weights.ToDictionary(w => w.Key, w => w.Value.shape, StringComparer.Ordinal);
        known.TryAdd(WeightLayout.Head, known[WeightLayout.Embedding]); // tied, but a module of its own
        foreach ((string name, Tensor weight) in peft.Saved)
        {
            bool isEmbedding = name is WeightLayout.Embedding or WeightLayout.Head;
            if (!known.TryGetValue(name, out long[]? shape))
            {
                faults.Add($"the model has no weight {ModelFaults.Quote(name)}");
            }
            else if (weight.dim() != shape.Length || !weight.shape[(isEmbedding ? 1 : 0)..].SequenceEqual(shape[(isEmbedding ? 1 : 0)..]) || weight.numel() == 0)
            {
                faults.Add($"'{name}' is saved as [{string.Join(", ", weight.shape)}], but the model has [{string.Join(", ", shape)}]");
            }
        }

        var weights = new Dictionary<string, Tensor>(peft.Saved, StringComparer.Ordinal);
        Tie(decoder, peft, weights);
        string[] missing = [.. known.Keys.Where(n => !weights.ContainsKey(n) && AdapterRules.IsSaved(Module(n), peft.Config.ModulesToSave))];
        if (missing.Length > 0)
        {
            faults.Add($"modules_to_save names {string.Join(", ", peft.Config.ModulesToSave!)}, but these weights are missing: {string.Join(", ", missing)}");
        }

        long embeddingRows = Rows(WeightLayout.Embedding), headRows = Rows(WeightLayout.Head);
        if (embeddingRows != headRows)
        {
            faults.Add($"the embedding would have {embeddingRows} rows and the output head {headRows}: after a change of the vocabulary both must be saved (save_embedding_layers)");
        }

        return weights;

        long Rows(string name) => weights.TryGetValue(name, out Tensor? weight) ? weight.shape[0] : known[name][0];
    }

    // What modules_to_save names has come apart from its twin, unless the adapter ties the two; an embedding that is saved for another reason has not.
    private static void Tie(Decoder decoder, PeftAdapter peft, Dictionary<string, Tensor> weights)
    {
        if (!decoder.Options.TieWordEmbeddings)
        {
            return;
        }

        foreach ((string from, string to) in new[] { (WeightLayout.Embedding, WeightLayout.Head), (WeightLayout.Head, WeightLayout.Embedding) })
        {
            if (peft.Saved.TryGetValue(from, out Tensor? weight) && (peft.TiesEmbeddings || !AdapterRules.IsSaved(Module(from), peft.Config.ModulesToSave)))
            {
                weights.TryAdd(to, weight);
            }
        }
    }

    private static string Module(string weight) => weight[..weight.LastIndexOf('.')];
}
