using System.Text.Json;

namespace SafeTuneBed.Models;

/// <summary>The end-of-text ids of a model folder: <c>eos_token_id</c> of <c>generation_config.json</c>, or where that is silent of <c>config.json</c>.</summary>
internal static class GenerationConfig
{
    public const string FileName = "generation_config.json";

    /// <summary>The ids; none where neither file names one.</summary>
    /// <exception cref="ModelFormatException">A file is damaged, or the value is neither a whole number nor a list of such.</exception>
    public static IReadOnlyList<int> ReadStopIds(string folder)
        => ReadFrom(Path.Combine(folder, FileName)) ?? ReadFrom(Path.Combine(folder, ModelConfig.FileName)) ?? [];

    private static int[]? ReadFrom(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 32 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException(path, "The file is no JSON object.");
            }

            if (!document.RootElement.TryGetProperty("eos_token_id", out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            {
                return null;
            }

            JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
            return [.. items.Select(i => i.ValueKind == JsonValueKind.Number && i.TryGetInt32(out int id) && id >= 0
                ? id
                : throw new ModelFormatException(path, $"eos_token_id is {ModelFaults.Quote(value.GetRawText())}, needed is a token id or a list of token ids."))];
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, "The file can't be read as JSON: " + e.Message, e);
        }
    }
}
