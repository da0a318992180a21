using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.AI;

namespace SafeTuneBed;

/// <summary>A generator as a chat client.</summary>
internal sealed class TextGeneratorChatClient(ITextGenerator generator, GenerationOptions defaults) : IChatClient
{
    private readonly ChatClientMetadata metadata = new("safetunebed", defaultModelId: generator.Name);

    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ChatRequest request = ChatRequest.Read(messages, options, defaults, generator.Name);
        Generation answer = Check((await generator.GenerateAsync([request.Conversation], request.Options, null, cancellationToken).ConfigureAwait(false))[0]);
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, answer.Text))
        {
            ModelId = generator.Name,
            FinishReason = ReasonOf(answer),
            Usage = UsageOf(answer),
        };
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatRequest request = ChatRequest.Read(messages, options, defaults, generator.Name);
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pieces = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        Task<Generation> running = RunAsync(request, pieces.Writer, abandoned.Token);
        try
        {
            await foreach (string piece in pieces.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return new ChatResponseUpdate(ChatRole.Assistant, piece) { ModelId = generator.Name };
            }

            Generation answer = Check(await running.ConfigureAwait(false));
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(UsageOf(answer))]) { ModelId = generator.Name, FinishReason = ReasonOf(answer) };
        }
        finally
        {
            // Whoever stops reading stops the model too.
            await abandoned.CancelAsync().ConfigureAwait(false);
            await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? metadata
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(generator) ? generator
            : null;
    }

    public void Dispose()
    {
        // The generator is the caller's.
    }

    private async Task<Generation> RunAsync(ChatRequest request, ChannelWriter<string> pieces, CancellationToken cancellationToken)
    {
        try
        {
            if (generator is IStreamingTextGenerator streaming)
            {
                return await streaming.StreamAsync(request.Conversation, request.Options, piece => pieces.TryWrite(piece), cancellationToken).ConfigureAwait(false);
            }

            Generation answer = (await generator.GenerateAsync([request.Conversation], request.Options, null, cancellationToken).ConfigureAwait(false))[0];
            if (answer.Text.Length > 0)
            {
                pieces.TryWrite(answer.Text);
            }

            return answer;
        }
        finally
        {
            pieces.Complete();
        }
    }

    private Generation Check(Generation answer) => answer.FinishReason != FinishReason.Error ? answer
        : generator is LocalModel { ContextLength: var room } && answer.PromptTokenCount >= room ? throw new PromptTooLongException(generator.Name, answer.PromptTokenCount, room)
        : throw new SafeTuneBedException(
        $"'{generator.Name}' could not answer: the prompt of {answer.PromptTokenCount} tokens leaves no room in the model's context, or its logits are not finite. Shorten the conversation, or check the weights.");

    private static ChatFinishReason ReasonOf(Generation answer) => answer.FinishReason switch
    {
        FinishReason.Length or FinishReason.ContextFull => ChatFinishReason.Length,
        FinishReason.ContentFilter => ChatFinishReason.ContentFilter,
        _ => ChatFinishReason.Stop,
    };

    private static UsageDetails UsageOf(Generation answer) => new()
    {
        InputTokenCount = answer.PromptTokenCount,
        OutputTokenCount = answer.TokenIds?.Count,
        TotalTokenCount = answer.PromptTokenCount + answer.TokenIds?.Count,
    };
}
