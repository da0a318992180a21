namespace SafeTuneBed.Models;

/// <summary>Which tensors a decoder's weight files must hold, by Hugging Face name, and which others may be there.</summary>
internal static class WeightLayout
{
    public const string Embedding = "model.embed_tokens.weight";
    public const string FinalNorm = "model.norm.weight";
    public const string Head = "lm_head.weight";

    /// <summary>The path of a block.</summary>
    public static string Layer(int index) => FormattableString.Invariant($"model.layers.{index}");

    /// <summary>Linear layers of a block: path below the block, rows, columns, whether they have a bias.</summary>
    public static IEnumerable<(string Path, long Out, long In, bool Bias)> Linears(DecoderOptions o)
    {
        long query = (long)o.HeadCount * o.HeadSize, key = (long)o.KeyValueHeadCount * o.HeadSize;
        yield return ("self_attn.q_proj", query, o.HiddenSize, o.QueryKeyValueBias);
        yield return ("self_attn.k_proj", key, o.HiddenSize, o.QueryKeyValueBias);
        yield return ("self_attn.v_proj", key, o.HiddenSize, o.QueryKeyValueBias);
        yield return ("self_attn.o_proj", o.HiddenSize, query, o.AttentionOutputBias);
        yield return ("mlp.gate_proj", o.IntermediateSize, o.HiddenSize, o.MlpBias);
        yield return ("mlp.up_proj", o.IntermediateSize, o.HiddenSize, o.MlpBias);
        yield return ("mlp.down_proj", o.HiddenSize, o.IntermediateSize, o.MlpBias);
    }

    /// <summary>Full paths of all linear layers that can carry an adapter.</summary>
    public static IReadOnlyList<string> LinearPaths(DecoderOptions o) => [.. Enumerable.Range(0, o.LayerCount).SelectMany(i => Linears(o).Select(l => $"{Layer(i)}.{l.Path}"))];

    /// <summary>Every tensor that must be there, with its shape.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Required(DecoderOptions o)
    {
        yield return (Embedding, [o.VocabularySize, o.HiddenSize]);
        for (int i = 0; i < o.LayerCount; i++)
        {
            yield return ($"{Layer(i)}.input_layernorm.weight", [o.HiddenSize]);
            yield return ($"{Layer(i)}.post_attention_layernorm.weight", [o.HiddenSize]);
            foreach ((string path, long rows, long columns, bool bias) in Linears(o))
            {
                yield return ($"{Layer(i)}.{path}.weight", [rows, columns]);
                if (bias)
                {
                    yield return ($"{Layer(i)}.{path}.bias", [rows]);
                }
            }
        }

        yield return (FinalNorm, [o.HiddenSize]);
        if (!o.TieWordEmbeddings)
        {
            yield return (Head, [o.VocabularySize, o.HiddenSize]);
        }
    }

    /// <summary>Whether a tensor that is not required changes nothing: the frequencies that older files carry, and a copy of a tied head.</summary>
    public static bool IsHarmless(string name, DecoderOptions o)
        => name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal) || (o.TieWordEmbeddings && name == Head);

    /// <summary>Compares files with what is needed, before a single weight is read.</summary>
    /// <exception cref="ModelFormatException">Tensors are missing, superfluous, misshapen or not floating-point; all are named.</exception>
    public static void Check(SafetensorsShards files, DecoderOptions options, string folder)
    {
        var faults = new ModelFaults(folder);
        Find(files, options, faults);
        faults.ThrowIfAny($"The weights and {ModelConfig.FileName} must come from the same {options.Family} model.");
    }

    /// <summary>As <see cref="Check"/>, but notes what is wrong. Tensors of a file that could not be opened are not missed again.</summary>
    public static void Find(SafetensorsShards files, DecoderOptions options, ModelFaults faults)
    {
        var required = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, long[] shape) in Required(options))
        {
            required.Add(name);
            if (files.Find(name) is not { } entry)
            {
                if (files.IsUnreadable(name))
                {
                    continue;
                }

                faults.Add($"tensor '{name}' [{string.Join(", ", shape)}] is missing");
            }
            else if (!entry.Shape.SequenceEqual(shape))
            {
                faults.Add($"tensor '{name}' has shape [{string.Join(", ", entry.Shape)}], but the configuration wants [{string.Join(", ", shape)}]");
            }
            else if (!TorchSharp.torch.is_floating_point(entry.DataType))
            {
                faults.Add($"tensor '{name}' holds {entry.DataType}, but weights are floating-point");
            }
        }

        foreach (string name in files.Names.Where(n => !required.Contains(n) && !IsHarmless(n, options)).Order(StringComparer.Ordinal))
        {
            faults.Add($"tensor {ModelFaults.Quote(name)} is not part of this model");
        }
    }
}
