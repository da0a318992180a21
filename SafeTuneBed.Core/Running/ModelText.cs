using SafeTuneBed.Text;
using SafeTuneBed.Text.Jinja;

namespace SafeTuneBed.Running;

/// <summary>The text side of a model folder: which template is used, with which special tokens.</summary>
internal static class ModelText
{
    /// <summary>The template that a data set and a model reference agree on.</summary>
    /// <param name="id">The data set's template, else the model reference's; null takes the folder's own chat template, else <c>raw</c>.</param>
    /// <param name="folder">The model's folder.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <exception cref="ConfigurationException">The id is unknown, or <c>chat</c> is asked for and the folder has no chat template.</exception>
    /// <exception cref="ModelFormatException">The chat template can't be read.</exception>
    public static PromptTemplate Template(string? id, string folder, ModelTokenizer tokenizer) =>
        PromptTemplates.Resolve(id, folder, tokenizer, (source, file) => ChatTemplateOf(source, file, tokenizer));

    /// <summary>Whether the folder brings a chat template, so that the model was made to be asked with it.</summary>
    public static bool HasChatTemplate(string folder) => ChatTemplateFiles.Read(folder).Template is not null;

    private static JinjaChatTemplate ChatTemplateOf(string source, string file, ModelTokenizer tokenizer)
    {
        var special = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string role in new[] { "bos_token", "eos_token", "pad_token", "unk_token" })
        {
            if (tokenizer.SpecialTokenText(role) is { } text)
            {
                special[role] = text;
            }
        }

        // No clock: a template that writes today's date then takes its own fixed one, so that a prompt is the same tomorrow.
        return new JinjaChatTemplate(source, file, special);
    }
}
