using System.Text.Json.Nodes;
using SafeTuneBed.Models.Families;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Writes a model with adapters merged in, one after the other, as a Hugging Face folder, tensor by tensor: no more than one weight file is in memory.</summary>
internal sealed class MergedFolder(string baseFolder, IReadOnlyList<(PeftAdapter Adapter, IReadOnlyDictionary<string, Tensor> Whole)> merges)
{
    private readonly IReadOnlyList<(PeftAdapter Adapter, IReadOnlyDictionary<string, Tensor> Whole, AdapterRules Rules)> layers =
        [.. merges.Select(m => (m.Adapter, m.Whole, new AdapterRules(m.Adapter.Config)))];

    private readonly DecoderOptions options = OptionsOf(baseFolder);

    // A head with weights of its own can no longer be the embedding.
    private bool Unties => options.TieWordEmbeddings
        && layers.Any(l => l.Adapter.Factors.ContainsKey(WeightLayout.Head(options)[..^".weight".Length])
            || !ReferenceEquals(l.Whole.GetValueOrDefault(WeightLayout.Embedding(options)), l.Whole.GetValueOrDefault(WeightLayout.Head(options))));

    /// <summary>Fills a folder; gives the names of its weight files.</summary>
    public IReadOnlyList<string> Write(string folder, long maxShardBytes, CancellationToken cancellationToken)
    {
        ShardWriter.CopyTexts(baseFolder, folder);
        WriteConfig(folder);
        using SafetensorsShards files = SafetensorsShards.Open(baseFolder);
        (string Name, long Bytes)[] tensors = [.. WeightLayout.Required(options with { TieWordEmbeddings = options.TieWordEmbeddings && !Unties })
            .Select(t => t.Name)
            .Concat(files.Names.Where(n => WeightLayout.IsForeign(n, options)).Order(StringComparer.Ordinal))   // a model that sees keeps its eyes
            .Select(n => (n, Bytes: BytesOf(files, n)))];
        return ShardWriter.Write(folder, tensors, name => Merged(files, name), maxShardBytes, cancellationToken);
    }

    private static DecoderOptions OptionsOf(string folder)
    {
        using SafetensorsShards files = SafetensorsShards.Open(folder);
        return WeightLayout.Resolve(ModelFamilies.Describe(folder), files);
    }

    // As it is, but for what the adapter changed.
    private void WriteConfig(string folder)
    {
        byte[] bytes = File.ReadAllBytes(Path.Combine(baseFolder, ModelConfig.FileName));
        string target = Path.Combine(folder, ModelConfig.FileName);
        long rows = Replaced(WeightLayout.Embedding(options)) is { } embedding ? embedding.shape[0] : options.VocabularySize;
        if (!Unties && rows == options.VocabularySize)
        {
            File.WriteAllBytes(target, bytes);
            return;
        }

        JsonObject config = JsonNode.Parse(bytes)!.AsObject();
        foreach (JsonObject place in config["text_config"] is JsonObject text ? new[] { config, text } : [config])
        {
            place["vocab_size"] = rows;
            place["tie_word_embeddings"] = options.TieWordEmbeddings && !Unties;
        }

        File.WriteAllText(target, config.ToJsonString(ShardWriter.Indented));
    }

    private long BytesOf(SafetensorsShards files, string name)
    {
        SafetensorsEntry entry = Stored(files, name);
        IEnumerable<long> shape = Replaced(name) is { } tensor ? tensor.shape : entry.Shape;
        return shape.Aggregate((long)SafetensorsEntry.ElementSize(entry.DataType), (a, b) => a * b);
    }

    private Tensor? Replaced(string name) => layers.Select(l => l.Whole.GetValueOrDefault(name)).LastOrDefault(t => t is not null);

    // A head that was tied has the embedding's bytes and type.
    private SafetensorsEntry Stored(SafetensorsShards files, string name) => files.Find(name) ?? files.Find(WeightLayout.Embedding(options))!;

    // W + s B A in f32 (f64 where the weights are), rounded once a merge to the stored type; a tensor that nothing changes keeps its bits.
    private Tensor Merged(SafetensorsShards files, string name)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor stored = files.Read(Stored(files, name).Name);
        Tensor weight = stored;
        string module = name[..name.LastIndexOf('.')];
        foreach (var (adapter, whole, rules) in layers)
        {
            Tensor? replaced = whole.GetValueOrDefault(name);
            weight = replaced is null ? weight : replaced.to(stored.dtype);
            if (name.EndsWith(".weight", StringComparison.Ordinal) && adapter.Factors.TryGetValue(module, out (Tensor A, Tensor B) factors))
            {
                weight = MergedWeights.Sum((replaced ?? weight).to(stored.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32), factors.A, factors.B, rules.ScalingOf(module)).to(stored.dtype);
            }
        }

        return ReferenceEquals(weight, stored) ? stored.MoveToOuterDisposeScope() : weight.clone().MoveToOuterDisposeScope();
    }
}
