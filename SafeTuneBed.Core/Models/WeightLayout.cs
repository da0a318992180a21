namespace SafeTuneBed.Models;

/// <summary>Which tensors a decoder's weight files must hold, by Hugging Face name, and which others may be there.</summary>
internal static class WeightLayout
{
    public const string InputNorm = "input_layernorm";
    public const string PostAttentionNorm = "post_attention_layernorm";
    public const string PreFeedForwardNorm = "pre_feedforward_layernorm";
    public const string PostFeedForwardNorm = "post_feedforward_layernorm";
    public const string QueryNorm = "self_attn.q_norm";
    public const string KeyNorm = "self_attn.k_norm";

    private const string EmbeddingName = "embed_tokens.weight";
    private const string LanguageModel = "language_model.";

    public static string Embedding(DecoderOptions o) => o.Roots[0] + EmbeddingName;

    public static string FinalNorm(DecoderOptions o) => o.Roots[0] + "norm.weight";

    /// <summary>Beside the root; inside <c>language_model</c> where that is a whole model with a head of its own.</summary>
    public static string Head(DecoderOptions o) => (o.Roots[0].StartsWith(LanguageModel, StringComparison.Ordinal) ? LanguageModel : "") + "lm_head.weight";

    /// <summary>The path of a block.</summary>
    public static string Layer(DecoderOptions o, int index) => FormattableString.Invariant($"{o.Roots[0]}layers.{index}");

    /// <summary>The same decoder with the one root that the files use; the first where they use none, so that its tensors are told as missing.</summary>
    public static DecoderOptions Resolve(DecoderOptions o, SafetensorsShards files)
        => o with { Roots = [o.Roots.FirstOrDefault(r => files.Find(r + EmbeddingName) is not null) ?? o.Roots[0]] };

    /// <summary>Linear layers of a block: path below the block, rows, columns, whether they have a bias.</summary>
    public static IEnumerable<(string Path, long Out, long In, bool Bias)> Linears(DecoderOptions o)
    {
        long query = (long)o.HeadCount * o.HeadSize, key = (long)o.KeyValueHeadCount * o.HeadSize;
        if (o.FusedProjections)
        {
            yield return ("self_attn.qkv_proj", query + (2 * key), o.HiddenSize, o.QueryKeyValueBias);
        }
        else
        {
            yield return ("self_attn.q_proj", query, o.HiddenSize, o.QueryKeyValueBias);
            yield return ("self_attn.k_proj", key, o.HiddenSize, o.QueryKeyValueBias);
            yield return ("self_attn.v_proj", key, o.HiddenSize, o.QueryKeyValueBias);
        }

        yield return ("self_attn.o_proj", o.HiddenSize, query, o.AttentionOutputBias);
        if (o.FusedProjections)
        {
            yield return ("mlp.gate_up_proj", 2L * o.IntermediateSize, o.HiddenSize, o.MlpBias);
        }
        else
        {
            yield return ("mlp.gate_proj", o.IntermediateSize, o.HiddenSize, o.MlpBias);
            yield return ("mlp.up_proj", o.IntermediateSize, o.HiddenSize, o.MlpBias);
        }

        yield return ("mlp.down_proj", o.HiddenSize, o.IntermediateSize, o.MlpBias);
    }

    /// <summary>Full paths of all linear layers that can carry an adapter.</summary>
    public static IReadOnlyList<string> LinearPaths(DecoderOptions o) => [.. Enumerable.Range(0, o.LayerCount).SelectMany(i => Linears(o).Select(l => $"{Layer(o, i)}.{l.Path}"))];

    /// <summary>Norms of a block: path below the block and size.</summary>
    public static IEnumerable<(string Path, long Size)> Norms(DecoderOptions o)
    {
        if (o.NormPlacement != NormPlacement.After)
        {
            yield return (InputNorm, o.HiddenSize);
        }

        yield return (PostAttentionNorm, o.HiddenSize);
        if (o.NormPlacement == NormPlacement.BeforeAndAfter)
        {
            yield return (PreFeedForwardNorm, o.HiddenSize);
        }

        if (o.NormPlacement != NormPlacement.Before)
        {
            yield return (PostFeedForwardNorm, o.HiddenSize);
        }

        if (o.QueryKeyNorm != QueryKeyNorm.None)
        {
            bool perHead = o.QueryKeyNorm == QueryKeyNorm.PerHead;
            yield return (QueryNorm, (perHead ? 1L : o.HeadCount) * o.HeadSize);
            yield return (KeyNorm, (perHead ? 1L : o.KeyValueHeadCount) * o.HeadSize);
        }
    }

    /// <summary>Every tensor that must be there, with its shape.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Required(DecoderOptions o)
    {
        yield return (Embedding(o), [o.VocabularySize, o.HiddenSize]);
        for (int i = 0; i < o.LayerCount; i++)
        {
            foreach ((string path, long size) in Norms(o))
            {
                yield return ($"{Layer(o, i)}.{path}.weight", [size]);
            }

            foreach ((string path, long rows, long columns, bool bias) in Linears(o))
            {
                yield return ($"{Layer(o, i)}.{path}.weight", [rows, columns]);
                if (bias)
                {
                    yield return ($"{Layer(o, i)}.{path}.bias", [rows]);
                }
            }
        }

        yield return (FinalNorm(o), [o.HiddenSize]);
        if (!o.TieWordEmbeddings)
        {
            yield return (Head(o), [o.VocabularySize, o.HiddenSize]);
        }
    }

    /// <summary>
    /// Whether a tensor that is not required changes nothing: the frequencies that older files carry, a copy of a tied head, and parts of a larger model
    /// that text does not pass.
    /// </summary>
    public static bool IsHarmless(string name, DecoderOptions o)
        => name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
            || (o.TieWordEmbeddings && name == Head(o))
            || IsForeign(name, o);

    /// <summary>Whether a tensor belongs to a part of a larger model that is not loaded.</summary>
    public static bool IsForeign(string name, DecoderOptions o) => o.ForeignWeights.Any(p => name.StartsWith(p, StringComparison.Ordinal));

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
