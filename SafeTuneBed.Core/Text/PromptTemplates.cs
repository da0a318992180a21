using System.Text;
using System.Text.Json;
using SafeTuneBed.Text.Tokenizing;

namespace SafeTuneBed.Text;

/// <summary>Makes prompt templates by id.</summary>
internal static class PromptTemplates
{
    private static readonly string[] Ids = ["chat", "alpaca", "raw"];

    /// <summary>
    /// The template of an id: <c>chat</c> (the folder's own chat template), <c>alpaca</c> or <c>raw</c>. Without an id: the folder's chat template if it
    /// has one, else <c>raw</c>.
    /// </summary>
    /// <param name="id">The id, or null.</param>
    /// <param name="modelFolder">The model's folder, read only for its chat template.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="parse">Makes a renderer of a template's source and the file it was read from.</param>
    /// <exception cref="ConfigurationException">The id is unknown, or <c>chat</c> is asked for and the folder has no chat template.</exception>
    /// <exception cref="ModelFormatException">The chat template can't be read.</exception>
    public static PromptTemplate Resolve(string? id, string modelFolder, ModelTokenizer tokenizer, Func<string, string, IChatTemplateRenderer> parse)
    {
        switch (id)
        {
            case "alpaca":
                return new AlpacaPromptTemplate(tokenizer);
            case "raw":
                return new RawPromptTemplate(tokenizer);
            case "chat" or null:
                if (ReadChatTemplate(modelFolder) is { } chat)
                {
                    return new ChatPromptTemplate(parse(chat.Source, chat.File), tokenizer);
                }

                return id is null ? new RawPromptTemplate(tokenizer) : throw new ConfigurationException(
                    $"The template 'chat' needs a chat template, but '{modelFolder}' has neither 'chat_template.jinja' nor a 'chat_template' in 'tokenizer_config.json'. Use 'alpaca' or 'raw'.");
            default:
                throw new ConfigurationException($"Unknown prompt template '{id}'. Known: {string.Join(", ", Ids)}.");
        }
    }

    /// <summary>The source of a folder's chat template and the file that holds it; null where there is none. The file of its own wins.</summary>
    internal static (string Source, string File)? ReadChatTemplate(string modelFolder)
    {
        string file = Path.Combine(modelFolder, "chat_template.jinja");
        try
        {
            if (File.Exists(file))
            {
                return (new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(file)).TrimStart('\uFEFF'), file);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new ModelFormatException(file, $"The file can't be read: {e.Message}", e);
        }

        file = Path.Combine(modelFolder, "tokenizer_config.json");
        if (!File.Exists(file))
        {
            return null;
        }

        using JsonDocument document = JsonComponent.ReadDocument(file);
        JsonComponent config = JsonComponent.Root(file, document.RootElement);
        return !config.Element.TryGetProperty("chat_template", out JsonElement template) || template.ValueKind == JsonValueKind.Null ? null
            : template.ValueKind == JsonValueKind.Array ? (FindDefault(config), file)
            : (config.Text("chat_template"), file);
    }

    /// <summary>Of several named templates the one called <c>default</c>.</summary>
    private static string FindDefault(JsonComponent config)
    {
        IReadOnlyList<JsonComponent> named = config.Children("chat_template");
        foreach (JsonComponent template in named)
        {
            if (template.Text("name") == "default")
            {
                return template.Text("template");
            }
        }

        throw config.Fault("chat_template", $"has no template named 'default', only: {string.Join(", ", named.Select(t => t.Text("name")))}");
    }
}
