using System.Text.Json;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>The content hash of a model folder: configuration and weights. Where the folder lies, and what else lies in it, does not count.</summary>
internal static class ModelFingerprint
{
    private const string Index = "model.safetensors.index.json";

    /// <exception cref="ModelFormatException">The folder, its configuration or its weights are missing.</exception>
    public static async Task<string> OfAsync(string folder, FileHashes hashes, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
        {
            throw new ModelFormatException(folder, "there is no such folder. Give the folder of a Hugging Face model, with config.json, safetensors and tokenizer files.");
        }

        var parts = new JsonObject();
        string[] configuration = [.. new[] { "config.json", "generation_config.json" }.Where(f => File.Exists(Path.Combine(folder, f)))];
        if (!configuration.Contains("config.json"))
        {
            throw new ModelFormatException(folder, "there is no config.json in this folder. Give the folder of a Hugging Face model.");
        }

        foreach (string file in configuration.Concat(WeightFiles(folder)))
        {
            parts[file] = await hashes.OfAsync(Path.Combine(folder, file), cancellationToken).ConfigureAwait(false);
        }

        return CanonicalJson.Hash(parts);
    }

    /// <summary>Names of the weight files, in order.</summary>
    /// <exception cref="ModelFormatException">There is none, or the index is damaged.</exception>
    public static IReadOnlyList<string> WeightFiles(string folder)
    {
        if (File.Exists(Path.Combine(folder, "model.safetensors")))
        {
            return ["model.safetensors"]; // the one that is loaded, also where an index lies beside it
        }

        string index = Path.Combine(folder, Index);
        if (!File.Exists(index))
        {
            throw new ModelFormatException(folder, $"there is neither model.safetensors nor {Index} in this folder. Weights in other formats must be converted to safetensors first.");
        }

        try
        {
            string[] files = [.. JsonNode.Parse(File.ReadAllText(index))!["weight_map"]!.AsObject().Select(w => w.Value!.GetValue<string>()).Distinct().Order(StringComparer.Ordinal)];
            string[] wrong = [.. files.Where(f => f != Path.GetFileName(f) || !File.Exists(Path.Combine(folder, f)))];
            return wrong.Length == 0 && files.Length > 0
                ? files
                : throw new ModelFormatException(index, wrong.Length == 0 ? "it names no file." : $"it names files that are not in its folder: {string.Join(", ", wrong)}.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new ModelFormatException(index, "it can't be read as an index of weights: " + e.Message, e);
        }
    }
}
