using System.Text;
using System.Text.Json;

namespace SafeTuneBed.Text.Jinja;

/// <summary>What a Hugging Face folder says about its chat template.</summary>
internal sealed class ChatTemplateFiles
{
    // Configurations with thousands of added tokens stay far below it.
    private const long MaxBytes = 64 * 1024 * 1024;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, string> tokens = [];

    private ChatTemplateFiles()
    {
    }

    /// <summary>The template's text, or null.</summary>
    public string? Template { get; private set; }

    /// <summary>The file that holds it.</summary>
    public string? TemplatePath { get; private set; }

    /// <summary>Texts of special tokens by role.</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens => tokens;

    /// <summary>Reads the folder; files that are not there are passed over.</summary>
    public static ChatTemplateFiles Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new ModelFormatException(folder, "the folder does not exist. Check the path of the model.");
        }

        ChatTemplateFiles files = new();
        string template = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(template))
        {
            files.Set(template, ReadText(template));
        }

        files.ReadConfiguration(Path.Combine(folder, "tokenizer_config.json"), true);
        files.ReadConfiguration(Path.Combine(folder, "special_tokens_map.json"), false);
        files.ReadConfiguration(Path.Combine(folder, "chat_template.json"), true);
        return files;
    }

    private void Set(string path, string text)
    {
        Template ??= text;
        TemplatePath ??= path;
    }

    private void ReadConfiguration(string path, bool holdsTemplate)
    {
        if (!File.Exists(path))
        {
            return;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(ReadText(path));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException(path, "it must hold a JSON object. Download the file again.");
            }

            ReadTokens(document.RootElement);
            if (document.RootElement.TryGetProperty("extra_special_tokens", out JsonElement extra) && extra.ValueKind == JsonValueKind.Object)
            {
                ReadTokens(extra);
            }

            if (holdsTemplate && Template is null && document.RootElement.TryGetProperty("chat_template", out JsonElement value) && FindTemplate(path, value) is { } text)
            {
                Set(path, text);
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException(path, "it is no valid JSON. Download the file again.", fault);
        }
    }

    // A token is a text, or an object that describes an added token. The first file that names a role wins.
    private void ReadTokens(JsonElement configuration)
    {
        foreach (JsonProperty property in configuration.EnumerateObject())
        {
            if (!property.Name.EndsWith("_token", StringComparison.Ordinal))
            {
                continue;
            }

            JsonElement text = property.Value.ValueKind == JsonValueKind.Object && property.Value.TryGetProperty("content", out JsonElement content) ? content : property.Value;
            if (text.ValueKind == JsonValueKind.String)
            {
                tokens.TryAdd(property.Name, text.GetString()!);
            }
        }
    }

    private static string? FindTemplate(string path, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Null:
                return null;
            case JsonValueKind.String:
                return value.GetString();
            case JsonValueKind.Array:
                Dictionary<string, string> named = [];
                foreach (JsonElement entry in value.EnumerateArray())
                {
                    if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("name", out JsonElement name) || !entry.TryGetProperty("template", out JsonElement template)
                        || name.ValueKind != JsonValueKind.String || template.ValueKind != JsonValueKind.String)
                    {
                        throw new ModelFormatException(path, "'chat_template' is a list whose entries must be objects with the texts 'name' and 'template'.");
                    }

                    named[name.GetString()!] = template.GetString()!;
                }

                return named.GetValueOrDefault("default")
                    ?? throw new ModelFormatException(path, $"'chat_template' is a list without 'default' (it has: {string.Join(", ", named.Keys)}). Write the wanted one into chat_template.jinja.");
            default:
                throw new ModelFormatException(path, $"'chat_template' must be a text or a list, not {value.ValueKind}.");
        }
    }

    private static string ReadText(string path)
    {
        try
        {
            long bytes = new FileInfo(path).Length;
            return bytes <= MaxBytes
                ? Strict.GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF')
                : throw new ModelFormatException(path, $"it has {bytes} bytes, more than the limit of {MaxBytes}. Check that it is the right file.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new ModelFormatException(path, $"it can't be read as UTF-8 text: {fault.Message}", fault);
        }
    }
}
