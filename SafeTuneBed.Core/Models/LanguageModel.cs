using Microsoft.Extensions.AI;

namespace SafeTuneBed.Models;

/// <summary>A decoder with its tokenizer and template: answers conversations and scores continuations.</summary>
internal sealed class LanguageModel : ICausalLanguageModel
{
    public string Name => throw new InvalidOperationException("being written");

    public Task<IReadOnlyList<Generation>> GenerateAsync(IReadOnlyList<IReadOnlyList<ChatMessage>> conversations, GenerationOptions options, Action<int, Generation>? completed = null, CancellationToken cancellationToken = default) => throw new InvalidOperationException("being written");

    public Task<IReadOnlyList<ContinuationScore>> ScoreAsync(IReadOnlyList<(IReadOnlyList<ChatMessage> Conversation, string Continuation)> requests, CancellationToken cancellationToken = default) => throw new InvalidOperationException("being written");
}
