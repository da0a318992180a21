using System.Collections;
using System.Reflection;
using Microsoft.Extensions.AI;

namespace SafeTuneBed;

/// <summary>A chat client's request in our terms. What we can't do is refused, not ignored.</summary>
internal sealed record ChatRequest(IReadOnlyList<ChatMessage> Conversation, GenerationOptions Options)
{
    private static readonly string[] Supported =
    [
        nameof(ChatOptions.MaxOutputTokens), nameof(ChatOptions.Temperature), nameof(ChatOptions.TopP), nameof(ChatOptions.TopK),
        nameof(ChatOptions.Seed), nameof(ChatOptions.StopSequences), nameof(ChatOptions.Instructions), nameof(ChatOptions.ModelId),
    ];

    /// <summary>Reads a request.</summary>
    /// <exception cref="ConfigurationException">An option is set that does not count here, the model is another one, or a message holds more than text.</exception>
    public static ChatRequest Read(IEnumerable<ChatMessage> messages, ChatOptions? options, GenerationOptions defaults, string model)
    {
        ArgumentNullException.ThrowIfNull(messages);
        List<ChatMessage> conversation = [.. messages];
        if (conversation.Count == 0)
        {
            throw new ConfigurationException("The request holds no message. Give at least one.");
        }

        if (conversation.SelectMany(m => m.Contents).FirstOrDefault(c => c is not TextContent) is { } content)
        {
            throw new ConfigurationException($"A message holds a {content.GetType().Name}, but '{model}' reads text alone. Send text messages.");
        }

        if (options is null)
        {
            return new ChatRequest(conversation, defaults);
        }

        string[] unsupported = [.. typeof(ChatOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.GetIndexParameters().Length == 0 && !Supported.Contains(p.Name) && IsSet(p.GetValue(options))).Select(p => p.Name).Order(StringComparer.Ordinal)];
        if (unsupported.Length > 0)
        {
            throw new ConfigurationException($"'{model}' does not support {string.Join(", ", unsupported)} of the chat options. Supported are {string.Join(", ", Supported)}.");
        }

        if (options.ModelId is { } asked && asked != model)
        {
            throw new ConfigurationException($"The request asks for the model '{asked}', but this client has '{model}' only.");
        }

        if (!string.IsNullOrEmpty(options.Instructions))
        {
            if (conversation[0].Role == ChatRole.System)
            {
                throw new ConfigurationException("The request has both Instructions and a system message, of which a template knows one. Join them into one.");
            }

            conversation.Insert(0, new ChatMessage(ChatRole.System, options.Instructions));
        }

        return new ChatRequest(conversation, Merge(options, defaults));
    }

    private static GenerationOptions Merge(ChatOptions options, GenerationOptions defaults)
    {
        bool isOwn = options.Temperature is not null || options.TopP is not null || options.TopK is not null;
        return defaults with
        {
            UseModelDefaults = defaults.UseModelDefaults && !isOwn,
            MaxNewTokens = options.MaxOutputTokens ?? defaults.MaxNewTokens,
            Temperature = options.Temperature ?? defaults.Temperature,
            TopP = options.TopP ?? defaults.TopP,
            TopK = options.TopK ?? defaults.TopK,
            Seed = options.Seed is { } seed ? unchecked((ulong)seed) : defaults.Seed,
            StopStrings = [.. defaults.StopStrings.Union(options.StopSequences ?? [])],
        };
    }

    // Text is what we answer anyway, and a list without entries or a false asks for nothing.
    private static bool IsSet(object? value) => value switch
    {
        null or false or ChatResponseFormatText => false,
        ICollection items => items.Count > 0,
        IEnumerable items => items.GetEnumerator().MoveNext(),
        _ => true,
    };
}
