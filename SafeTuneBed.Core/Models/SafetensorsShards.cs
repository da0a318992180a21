using System.Text.Json;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>All weights of a model folder: one <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> names.</summary>
internal sealed class SafetensorsShards : IDisposable
{
    public const string SingleName = "model.safetensors";
    public const string IndexName = "model.safetensors.index.json";

    private readonly Dictionary<string, SafetensorsFile> files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsFile> owners = new(StringComparer.Ordinal);
    private readonly HashSet<string> unreadable = new(StringComparer.Ordinal);
    private bool allUnreadable;

    private SafetensorsShards()
    {
    }

    /// <summary>Names of all tensors.</summary>
    public IReadOnlyCollection<string> Names => owners.Keys;

    /// <summary>Opens the weights of a folder. One file is preferred to shards when both are there, as elsewhere.</summary>
    /// <exception cref="ModelFormatException">Weights are missing or damaged; the message names every fault of every file.</exception>
    public static SafetensorsShards Open(string folder)
    {
        string single = Path.Combine(folder, SingleName), index = Path.Combine(folder, IndexName);
        var shards = new SafetensorsShards();
        try
        {
            if (File.Exists(single))
            {
                shards.Add(SafetensorsFile.Open(single), SingleName);
            }
            else if (File.Exists(index))
            {
                var faults = new ModelFaults(index);
                shards.OpenIndex(folder, index, faults);
                faults.ThrowIfAny("Download the folder's weights again.");
            }
            else
            {
                throw new ModelFormatException(folder, $"The folder holds neither {SingleName} nor {IndexName}. Convert other formats to safetensors first.");
            }

            return shards;
        }
        catch
        {
            shards.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="Open(string)"/>, but notes what is wrong, so that faults of other files can be told with it. What could be opened is there.</summary>
    public static SafetensorsShards Open(string folder, ModelFaults faults)
    {
        string single = Path.Combine(folder, SingleName), index = Path.Combine(folder, IndexName);
        var shards = new SafetensorsShards();
        if (File.Exists(single))
        {
            var own = new ModelFaults(single);
            if (SafetensorsFile.TryOpen(single, own) is { } file)
            {
                shards.Add(file, SingleName);
            }
            else
            {
                shards.allUnreadable = true;
            }

            foreach (string fault in own.All)
            {
                faults.Add($"{SingleName}: {fault}");
            }
        }
        else if (File.Exists(index))
        {
            shards.OpenIndex(folder, index, faults);
        }
        else
        {
            faults.Add($"the folder holds neither {SingleName} nor {IndexName}; other formats must be converted to safetensors first");
            shards.allUnreadable = true;
        }

        return shards;
    }

    /// <summary>Whether a tensor may be there all the same, in a file that could not be opened: the file's own fault says enough.</summary>
    public bool IsUnreadable(string name) => allUnreadable || unreadable.Contains(name);

    /// <summary>Type and shape of a tensor, or null where there is none of that name.</summary>
    public SafetensorsEntry? Find(string name) => owners.TryGetValue(name, out SafetensorsFile? file) ? file.Entries[name] : null;

    /// <summary>The mapped tensor; the caller disposes it.</summary>
    public Tensor Read(string name) => owners[name].Read(name);

    /// <summary>Reads a tensor into one of the same shape, of any type and on any device: see <see cref="SafetensorsFile.ReadInto"/>.</summary>
    public void ReadInto(string name, Tensor target) => owners[name].ReadInto(name, target);

    public void Dispose()
    {
        foreach (SafetensorsFile file in files.Values)
        {
            file.Dispose();
        }
    }

    private void Add(SafetensorsFile file, string name)
    {
        files.Add(name, file);
        foreach (string tensor in file.Entries.Keys)
        {
            owners.Add(tensor, file);
        }
    }

    private void OpenIndex(string folder, string index, ModelFaults faults)
    {
        Dictionary<string, string> map = ReadWeightMap(index, faults);
        allUnreadable = map.Count == 0;
        foreach (string shard in map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            // A name from an untrusted file must not lead out of the folder.
            if (shard.Length == 0 || shard.AsSpan().ContainsAny("/\\:\0") || shard is "." or "..")
            {
                faults.Add($"{ModelFaults.Quote(shard)} is no plain file name");
                continue;
            }

            var own = new ModelFaults(shard);
            if (SafetensorsFile.TryOpen(Path.Combine(folder, shard), own) is { } file)
            {
                files.Add(shard, file);
            }

            foreach (string fault in own.All)
            {
                faults.Add($"shard {ModelFaults.Quote(shard)}: {fault}");
            }
        }

        foreach ((string tensor, string shard) in map)
        {
            if (!files.TryGetValue(shard, out SafetensorsFile? file))
            {
                unreadable.Add(tensor);
                continue;   // told above, once for the shard
            }

            if (!file.Entries.ContainsKey(tensor))
            {
                faults.Add($"shard {ModelFaults.Quote(shard)} lacks tensor {ModelFaults.Quote(tensor)}, which the index puts there");
                unreadable.Add(tensor);
                continue;
            }

            owners[tensor] = file;
        }
    }

    private static Dictionary<string, string> ReadWeightMap(string index, ModelFaults faults)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using FileStream stream = File.OpenRead(index);
            using JsonDocument document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 16 });
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("weight_map", out JsonElement weights) || weights.ValueKind != JsonValueKind.Object)
            {
                faults.Add("there is no weight_map object");
                return map;
            }

            foreach (JsonProperty item in weights.EnumerateObject())
            {
                if (item.Value.ValueKind != JsonValueKind.String || !map.TryAdd(item.Name, item.Value.GetString()!))
                {
                    faults.Add($"weight_map entry {ModelFaults.Quote(item.Name)} is given twice or is no string");
                }
            }

            if (map.Count == 0)
            {
                faults.Add("weight_map is empty");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            faults.Add("the index can't be read: " + e.Message.TrimEnd('.'));
        }

        return map;
    }
}
