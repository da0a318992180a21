using Microsoft.Extensions.AI;

namespace SafeTuneBed;

/// <summary>Something that answers conversations: one of our models, or a hosted one.</summary>
public interface ITextGenerator
{
    /// <summary>What answers, for records and tables.</summary>
    string Name { get; }

    /// <summary>Answers each conversation, in order. <paramref name="completed"/> hears each index once, as soon as that answer is ready.</summary>
    Task<IReadOnlyList<Generation>> GenerateAsync(
        IReadOnlyList<IReadOnlyList<ChatMessage>> conversations,
        GenerationOptions options,
        Action<int, Generation>? completed = null,
        CancellationToken cancellationToken = default);
}

/// <summary>The log-probability of one continuation after its context.</summary>
/// <param name="LogProbability">Sum over the continuation's tokens, natural logarithm.</param>
/// <param name="TokenCount">Tokens of the continuation.</param>
/// <param name="IsGreedy">Whether each token was the likeliest at its place.</param>
public readonly record struct ContinuationScore(double LogProbability, int TokenCount, bool IsGreedy);

/// <summary>A model that also gives log-probabilities.</summary>
public interface ICausalLanguageModel : ITextGenerator
{
    /// <summary>
    /// Scores each continuation after its conversation (rendered with the generation prompt). The continuation's text is encoded as an
    /// answer would be, without an end token.
    /// </summary>
    Task<IReadOnlyList<ContinuationScore>> ScoreAsync(
        IReadOnlyList<(IReadOnlyList<ChatMessage> Conversation, string Continuation)> requests,
        CancellationToken cancellationToken = default);
}
