using SafeTuneBed.Text.Jinja;

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
                ChatTemplateFiles files = ChatTemplateFiles.Read(modelFolder);
                if (files.Template is { } source)
                {
                    return new ChatPromptTemplate(parse(source, files.TemplatePath!), tokenizer);
                }

                return id is null ? new RawPromptTemplate(tokenizer) : throw new ConfigurationException(
                    $"The template 'chat' needs a chat template, but '{modelFolder}' has none: neither 'chat_template.jinja' nor a 'chat_template' in 'tokenizer_config.json' or 'chat_template.json'. Use 'alpaca' or 'raw'.");
            default:
                throw new ConfigurationException($"Unknown prompt template '{id}'. Known: {string.Join(", ", Ids)}.");
        }
    }
}
