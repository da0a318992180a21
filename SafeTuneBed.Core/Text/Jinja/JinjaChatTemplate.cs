using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;

namespace SafeTuneBed.Text.Jinja;

/// <summary>
/// A model's chat template with its special tokens: the same text for the same conversation as Hugging Face's <c>apply_chat_template</c> gives without tools and documents.
/// Content is what a message says (and every other free field of it); roles and template text are not. Thread-safe.
/// </summary>
internal sealed class JinjaChatTemplate : IChatTemplateRenderer
{
    private static readonly string[] Reserved = ["messages", "add_generation_prompt"];

    private readonly JinjaTemplate template;
    private readonly string name;
    private readonly Dictionary<string, string> specialTokens;
    private readonly TimeProvider? clock;

    /// <summary>Parses the template.</summary>
    /// <param name="source">The template's text.</param>
    /// <param name="name">Stands in messages: the file, or the model.</param>
    /// <param name="specialTokens">Texts by role: <c>bos_token</c>, <c>eos_token</c>, ... A role that is missing is undefined in the template and prints as nothing.</param>
    /// <param name="clock">Today, for templates that ask. Without it <c>strftime_now</c> is undefined, and those templates use the fixed date they bring: prompts repeat.</param>
    /// <exception cref="ChatTemplateException">The template's syntax is wrong.</exception>
    public JinjaChatTemplate(string source, string name, IReadOnlyDictionary<string, string> specialTokens, TimeProvider? clock = null)
    {
        template = JinjaTemplate.Parse(source, name);
        this.name = name;
        this.specialTokens = new Dictionary<string, string>(specialTokens);
        this.clock = clock;
        Source = source;
        Fingerprint = Hash(source, specialTokens);
    }

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>SHA-256 over the template and the special tokens, hex.</summary>
    public string Fingerprint { get; }

    /// <summary>Special tokens by role.</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens => specialTokens;

    /// <summary>
    /// The template of a Hugging Face folder: <c>chat_template.jinja</c>, else <c>chat_template</c> in <c>tokenizer_config.json</c> (a text, or a list of which
    /// <c>default</c> is taken), else <c>chat_template.json</c>; null where there is none.
    /// </summary>
    /// <exception cref="ModelFormatException">A file is damaged, or a list holds no <c>default</c>.</exception>
    /// <exception cref="ChatTemplateException">The template's syntax is wrong.</exception>
    public static JinjaChatTemplate? FromFolder(string modelFolder, TimeProvider? clock = null)
    {
        ChatTemplateFiles files = ChatTemplateFiles.Read(modelFolder);
        return files.Template is null ? null : new JinjaChatTemplate(files.Template, files.TemplatePath!, files.SpecialTokens, clock);
    }

    /// <summary>Renders a conversation.</summary>
    /// <param name="messages">Messages of text. Reasoning becomes the field <c>reasoning_content</c>, an author's name <c>name</c>, additional properties fields of their own.</param>
    /// <param name="addGenerationPrompt">True when an answer shall follow.</param>
    /// <param name="variables">Further variables, such as <c>enable_thinking</c>; they come before special tokens of the same name.</param>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, or a message holds something else than text.</exception>
    public IReadOnlyList<TextSegment> Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables = null)
    {
        Dictionary<string, object?> all = new()
        {
            ["tools"] = null,
            ["documents"] = null,
        };
        foreach ((string role, string token) in specialTokens)
        {
            all[role] = token;
        }

        foreach ((string key, object? value) in variables ?? new Dictionary<string, object?>())
        {
            all[key] = !Reserved.Contains(key) ? value : throw new ArgumentException($"'{key}' is set by the call itself and can't be a further variable.", nameof(variables));
        }

        all["add_generation_prompt"] = addGenerationPrompt;
        all["messages"] = messages.Select(ToFields).ToList();
        return template.Render(all, clock: clock);
    }

    private Dictionary<string, object?> ToFields(ChatMessage message, int index)
    {
        Dictionary<string, object?> fields = new()
        {
            ["role"] = message.Role.Value,
            ["content"] = message.Text,
        };
        string reasoning = string.Concat(message.Contents.OfType<TextReasoningContent>().Select(content => content.Text));
        if (reasoning.Length > 0)
        {
            fields["reasoning_content"] = reasoning;
        }

        if (message.AuthorName is not null)
        {
            fields["name"] = message.AuthorName;
        }

        AIContent? other = message.Contents.FirstOrDefault(content => content is not (TextContent or TextReasoningContent));
        if (other is not null)
        {
            throw new ChatTemplateException(name, 0, 0, $"message {index} holds a {other.GetType().Name}, but only text can be rendered. Put what it says into the message's text.");
        }

        foreach ((string key, object? value) in message.AdditionalProperties ?? [])
        {
            fields.TryAdd(key, value);
        }

        return fields;
    }

    // Lengths before the parts: no two different sets of parts give the same bytes.
    private static string Hash(string source, IReadOnlyDictionary<string, string> tokens)
    {
        IEnumerable<string> parts = tokens.OrderBy(token => token.Key, StringComparer.Ordinal).SelectMany(token => new[] { token.Key, token.Value }).Prepend(source);
        string all = string.Concat(parts.Select(part => FormattableString.Invariant($"{part.Length}:{part}")));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.Unicode.GetBytes(all)));
    }
}
