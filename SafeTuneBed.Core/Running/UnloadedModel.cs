using Microsoft.Extensions.AI;

namespace SafeTuneBed.Running;

/// <summary>Thrown by the stand-in for a model while a grid is planned.</summary>
internal sealed class ModelNotLoadedException(string name)
    : InvalidOperationException($"The model '{name}' was asked while its grid is planned; no weight is loaded then.");

/// <summary>Stands in for the model under test while items are checked.</summary>
internal sealed class UnloadedModel(string name) : ICausalLanguageModel
{
    public string Name => name;

    public Task<IReadOnlyList<Generation>> GenerateAsync(
        IReadOnlyList<IReadOnlyList<ChatMessage>> conversations,
        GenerationOptions options,
        Action<int, Generation>? completed = null,
        CancellationToken cancellationToken = default) => throw new ModelNotLoadedException(name);

    public Task<IReadOnlyList<ContinuationScore>> ScoreAsync(
        IReadOnlyList<(IReadOnlyList<ChatMessage> Conversation, string Continuation)> requests, CancellationToken cancellationToken = default) =>
        throw new ModelNotLoadedException(name);

    public Task<IReadOnlyList<ContinuationScore>> ScoreTextAsync(IReadOnlyList<(string Text, string Continuation)> requests, CancellationToken cancellationToken = default) =>
        throw new ModelNotLoadedException(name);

    public Task<IReadOnlyList<Generation>> CompleteAsync(
        IReadOnlyList<string> texts, GenerationOptions options, Action<int, Generation>? completed = null, CancellationToken cancellationToken = default) =>
        throw new ModelNotLoadedException(name);

    public Task<IReadOnlyList<int>> CountTokensAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default) => throw new ModelNotLoadedException(name);

    public Task<IReadOnlyList<string>> TakeTokensAsync(IReadOnlyList<string> answers, int count, CancellationToken cancellationToken = default) => throw new ModelNotLoadedException(name);
}
