using System.Text.Json;
using System.Text.Json.Nodes;
using SafeTuneBed.Models.Families;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Writes a model with adapters merged in, one after the other, as a Hugging Face folder, tensor by tensor: no more than one weight file is in memory.</summary>
internal sealed class MergedFolder(string baseFolder, IReadOnlyList<(PeftAdapter Adapter, IReadOnlyDictionary<string, Tensor> Whole)> merges)
{
    private static readonly string[] Texts = [".json", ".jinja", ".model", ".txt", ".tiktoken"];
    private static readonly string[] Notices = ["LICENSE", "NOTICE", "USE_POLICY"];
    private static readonly string[] NotCopied = [PeftAdapter.ConfigFile, ModelConfig.FileName, SafetensorsShards.IndexName, "artifact.json"];
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IndentSize = 2, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

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
        CopyTexts(baseFolder, folder);
        CopyTexts(Path.Combine(baseFolder, "additional_chat_templates"), Path.Combine(folder, "additional_chat_templates"));
        WriteConfig(folder);
        using SafetensorsShards files = SafetensorsShards.Open(baseFolder);
        (string Name, long Bytes)[] tensors = [.. WeightLayout.Required(options with { TieWordEmbeddings = options.TieWordEmbeddings && !Unties })
            .Select(t => t.Name)
            .Concat(files.Names.Where(n => WeightLayout.IsForeign(n, options)).Order(StringComparer.Ordinal))   // a model that sees keeps its eyes
            .Select(n => (n, Bytes: BytesOf(files, n)))];
        List<List<string>> shards = Cut(tensors, maxShardBytes);
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var names = new List<string>();
        for (int i = 0; i < shards.Count; i++)
        {
            string file = shards.Count == 1 ? SafetensorsShards.SingleName : FormattableString.Invariant($"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors");
            names.Add(file);
            WriteShard(files, Path.Combine(folder, file), shards[i], cancellationToken);
            shards[i].ForEach(t => map[t] = file);
        }

        if (shards.Count > 1)
        {
            var index = new JsonObject
            {
                ["metadata"] = new JsonObject { ["total_size"] = tensors.Sum(t => t.Bytes) },
                ["weight_map"] = new JsonObject(map.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value))),
            };
            File.WriteAllText(Path.Combine(folder, SafetensorsShards.IndexName), index.ToJsonString(Indented));
        }

        return names;
    }

    private static DecoderOptions OptionsOf(string folder)
    {
        using SafetensorsShards files = SafetensorsShards.Open(folder);
        return WeightLayout.Resolve(ModelFamilies.Describe(folder), files);
    }

    private static List<List<string>> Cut(IEnumerable<(string Name, long Bytes)> tensors, long most)
    {
        List<List<string>> shards = [[]];
        long size = 0;
        foreach ((string name, long bytes) in tensors)
        {
            if (size > 0 && size + bytes > most)
            {
                shards.Add([]);
                size = 0;
            }

            shards[^1].Add(name);
            size += bytes;
        }

        return shards;
    }

    private static void CopyTexts(string from, string to)
    {
        foreach (string file in Directory.Exists(from) ? Directory.GetFiles(from) : [])
        {
            string name = Path.GetFileName(file);
            if ((Texts.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase) || Notices.Any(n => name.StartsWith(n, StringComparison.OrdinalIgnoreCase)))
                && !NotCopied.Contains(name) && !name.EndsWith(".index.json", StringComparison.Ordinal) && name[0] != '.')
            {
                Directory.CreateDirectory(to);
                File.WriteAllBytes(Path.Combine(to, name), File.ReadAllBytes(file)); // neither links nor read-only marks are taken along
            }
        }
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

        File.WriteAllText(target, config.ToJsonString(Indented));
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

    private void WriteShard(SafetensorsShards files, string path, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (string name in names)
            {
                cancellationToken.ThrowIfCancellationRequested();
                tensors[name] = Merged(files, name);
            }

            SafetensorsFile.Write(path, tensors);
        }
        finally
        {
            foreach (Tensor tensor in tensors.Values)
            {
                tensor.Dispose();
            }
        }
    }

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
