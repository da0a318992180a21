using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;

namespace SafeTuneBed.Judges;

/// <summary>
/// OpenAI, or a server that speaks alike. Its own retries are off, since each request is counted; the key is read at the first request and is in no field that anybody
/// prints.
/// </summary>
internal sealed class OpenAIJudgeClient(string judge, OpenAIJudgeOptions options) : IChatClient
{
    // Servers on one's own machine ask for no key, but the client sends one.
    private const string NoKey = "none";

    private readonly ChatClientMetadata metadata = new(options.Endpoint is null ? "openai" : "openai-compatible", options.Endpoint, options.Model);
    private readonly Lock gate = new();
    private IChatClient? inner;

    public Task<ChatResponse> GetResponseAsync(IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        Inner().GetResponseAsync(messages, Adapt(options), cancellationToken);

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        Inner().GetStreamingResponseAsync(messages, Adapt(options), cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? metadata
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    public void Dispose() => inner?.Dispose();

    /// <summary>The fault of a missing key; null where there is one.</summary>
    public string? FindFault() => Key() is not null || options.Endpoint is not null ? null
        : $"Judge '{judge}' has no key: the environment variable {options.KeyVariable} is not set. Set it, or give {nameof(OpenAIJudgeOptions.Endpoint)} for a server without keys.";

    private string? Key() => options.ApiKey ?? (Environment.GetEnvironmentVariable(options.KeyVariable) is { Length: > 0 } key ? key : null);

    private IChatClient Inner()
    {
        lock (gate)
        {
            if (inner is null)
            {
                if (FindFault() is { } fault)
                {
                    throw new ConfigurationException(fault);
                }

                var settings = new OpenAIClientOptions { RetryPolicy = new ClientRetryPolicy(0), NetworkTimeout = options.Timeout + TimeSpan.FromSeconds(5) };
                if (options.Endpoint is { } endpoint)
                {
                    settings.Endpoint = endpoint;
                }

                inner = new ChatClient(options.Model, new ApiKeyCredential(Key() ?? NoKey), settings).AsIChatClient();
            }

            return inner;
        }
    }

    // The client says max_completion_tokens; servers other than OpenAI's often know the older max_tokens alone.
    private ChatOptions? Adapt(ChatOptions? asked)
    {
        if (options.Endpoint is null || asked?.MaxOutputTokens is not { } most)
        {
            return asked;
        }

        ChatOptions adapted = asked.Clone();
        adapted.MaxOutputTokens = null;
        adapted.RawRepresentationFactory = _ =>
        {
            var raw = new ChatCompletionOptions();
#pragma warning disable SCME0001 // the only door to fields that the client does not know
            raw.Patch.Set("$.max_tokens"u8, most);
#pragma warning restore SCME0001
            return raw;
        };
        return adapted;
    }
}
