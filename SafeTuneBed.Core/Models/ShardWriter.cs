using System.Text.Json;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Writes the parts of a Hugging Face folder: weights in files of a largest size, and the texts beside them.</summary>
internal static class ShardWriter
{
    private static readonly string[] Texts = [".json", ".jinja", ".model", ".txt", ".tiktoken"];
    private static readonly string[] Notices = ["LICENSE", "NOTICE", "USE_POLICY"];
    private static readonly string[] NotCopied = [PeftAdapter.ConfigFile, ModelConfig.FileName, SafetensorsShards.IndexName, "artifact.json"];

    /// <summary>As Hugging Face lays out its files.</summary>
    public static JsonSerializerOptions Indented { get; } = new() { WriteIndented = true, IndentSize = 2, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes tensors in order, one file in memory at a time; gives the names of the files.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="tensors">Names and sizes.</param>
    /// <param name="read">Gives a tensor, which is disposed when it is written.</param>
    /// <param name="maxShardBytes">Largest file, unless one tensor is larger.</param>
    /// <param name="cancellationToken">Stops between tensors.</param>
    public static IReadOnlyList<string> Write(string folder, IReadOnlyList<(string Name, long Bytes)> tensors, Func<string, Tensor> read, long maxShardBytes, CancellationToken cancellationToken)
    {
        List<List<string>> shards = Cut(tensors, maxShardBytes);
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var names = new List<string>();
        for (int i = 0; i < shards.Count; i++)
        {
            string file = shards.Count == 1 ? SafetensorsShards.SingleName : FormattableString.Invariant($"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors");
            names.Add(file);
            WriteShard(Path.Combine(folder, file), shards[i], read, cancellationToken);
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

    /// <summary>Copies tokenizer, templates, licences and whatever else is text, but neither configuration nor index.</summary>
    public static void CopyTexts(string from, string to)
    {
        CopyFiles(from, to);
        CopyFiles(Path.Combine(from, "additional_chat_templates"), Path.Combine(to, "additional_chat_templates"));
    }

    private static void CopyFiles(string from, string to)
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

    private static void WriteShard(string path, IEnumerable<string> names, Func<string, Tensor> read, CancellationToken cancellationToken)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (string name in names)
            {
                cancellationToken.ThrowIfCancellationRequested();
                tensors[name] = read(name);
            }

            SafetensorsFile.Write(path, tensors, new Dictionary<string, string> { ["format"] = "pt" });
        }
        finally
        {
            foreach (Tensor tensor in tensors.Values)
            {
                tensor.Dispose();
            }
        }
    }
}
