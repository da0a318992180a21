using Microsoft.Extensions.AI;

namespace SafeTuneBed;

/// <summary>Something that answers conversations: one of our models, or a hosted one.</summary>
public interface ITextGenerator
{
    /// <summary>What answers, for records and tables.</summary>
    string Name { get; }

    /// <summary>
    /// Answers each conversation, in order. <paramref name="completed"/> hears each index once, as soon as that answer is ready. A conversation that ends in a message of
    /// the assistant is gone on with: the answer is what follows that message's text, without it.
    /// </summary>
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
public readonly record struct ContinuationScore(double LogProbability, int TokenCount, bool IsGreedy)
{
    /// <summary>Tokens that were taken from the beginning of the context, because text and continuation exceed the model's context length.</summary>
    public int DroppedTokens { get; init; }
}

/// <summary>A model that also gives log-probabilities, and that reads plain text without its template.</summary>
public interface ICausalLanguageModel : ITextGenerator
{
    /// <summary>
    /// Scores each continuation after its conversation (rendered with the generation prompt). The continuation's text is encoded as an
    /// answer would be, without an end token.
    /// </summary>
    Task<IReadOnlyList<ContinuationScore>> ScoreAsync(
        IReadOnlyList<(IReadOnlyList<ChatMessage> Conversation, string Continuation)> requests,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// Scores each continuation after a plain text. Both are encoded as one text, and the continuation's tokens are those behind the tokens of the text alone;
    /// blanks at the end of the text count to the continuation, as most vocabularies hold them together with the word that follows. One beginning-of-text token
    /// stands first where the tokenizer adds one; an empty text is that token, or else the end-of-text token. What is too long loses tokens from the beginning of the
    /// text; a continuation that alone is too long is scored in windows, each token once, behind as many of the tokens before it as a window holds.
    /// </summary>
    /// <exception cref="SafeTuneBedException">A text is empty, and the tokenizer has neither token.</exception>
    Task<IReadOnlyList<ContinuationScore>> ScoreTextAsync(IReadOnlyList<(string Text, string Continuation)> requests, CancellationToken cancellationToken = default);

    /// <summary>Goes on with each plain text, in order; otherwise as <see cref="ITextGenerator.GenerateAsync"/>.</summary>
    Task<IReadOnlyList<Generation>> CompleteAsync(
        IReadOnlyList<string> texts, GenerationOptions options, Action<int, Generation>? completed = null, CancellationToken cancellationToken = default);

    /// <summary>Tokens of each plain text, the beginning-of-text token included where the tokenizer adds one.</summary>
    Task<IReadOnlyList<int>> CountTokensAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default);

    /// <summary>
    /// The beginning of each answer: the text of its first tokens, encoded as an answer is; the whole text where it has no more. A character of which a token holds only a part is left out.
    /// </summary>
    /// <param name="answers">Answers of an assistant.</param>
    /// <param name="count">Tokens to keep, at least 1.</param>
    /// <param name="cancellationToken">Withdraws the call.</param>
    Task<IReadOnlyList<string>> TakeTokensAsync(IReadOnlyList<string> answers, int count, CancellationToken cancellationToken = default);
}
