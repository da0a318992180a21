using Microsoft.Extensions.AI;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>A model whose answers and log-probabilities are functions of what it is asked; it remembers what that was.</summary>
internal sealed class FakeCausalModel : ICausalLanguageModel
{
    public string Name => "fake";

    /// <summary>The answer to a text: that of the last message, or the plain text.</summary>
    public Func<string, string> Answer { get; init; } = _ => "";

    /// <summary>The log-probability of a continuation after a text.</summary>
    public Func<string, string, double> LogProbability { get; init; } = (_, continuation) => -continuation.Length;

    /// <summary>Tokens of a text.</summary>
    public Func<string, int> Tokens { get; init; } = text => text.Length;

    /// <summary>Everything that was asked, in order: the text, with the continuation where there was one.</summary>
    public List<(string Text, string? Continuation)> Asked { get; } = [];

    /// <summary>The limits of the calls that generated.</summary>
    public List<int> Limits { get; } = [];

    public Task<IReadOnlyList<Generation>> GenerateAsync(
        IReadOnlyList<IReadOnlyList<ChatMessage>> conversations, GenerationOptions options, Action<int, Generation>? completed = null, CancellationToken cancellationToken = default) =>
        CompleteAsync([.. conversations.Select(c => c[^1].Text)], options, completed, cancellationToken);

    public Task<IReadOnlyList<Generation>> CompleteAsync(
        IReadOnlyList<string> texts, GenerationOptions options, Action<int, Generation>? completed = null, CancellationToken cancellationToken = default)
    {
        Limits.Add(options.MaxNewTokens);
        Asked.AddRange(texts.Select(t => (t, (string?)null)));
        Generation[] answers = [.. texts.Select(t => new Generation { Text = Answer(t) })];
        for (int i = 0; i < answers.Length; i++)
        {
            completed?.Invoke(i, answers[i]);
        }

        return Task.FromResult<IReadOnlyList<Generation>>(answers);
    }

    public Task<IReadOnlyList<ContinuationScore>> ScoreAsync(
        IReadOnlyList<(IReadOnlyList<ChatMessage> Conversation, string Continuation)> requests, CancellationToken cancellationToken = default) =>
        ScoreTextAsync([.. requests.Select(r => (r.Conversation[^1].Text, r.Continuation))], cancellationToken);

    public Task<IReadOnlyList<ContinuationScore>> ScoreTextAsync(IReadOnlyList<(string Text, string Continuation)> requests, CancellationToken cancellationToken = default)
    {
        Asked.AddRange(requests.Select(r => (r.Text, (string?)r.Continuation)));
        return Task.FromResult<IReadOnlyList<ContinuationScore>>([.. requests.Select(r => new ContinuationScore(LogProbability(r.Text, r.Continuation), r.Continuation.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length, false))]);
    }

    /// <summary>Tokens are words.</summary>
    public Task<IReadOnlyList<string>> TakeTokensAsync(IReadOnlyList<string> answers, int count, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<string>>([.. answers.Select(a => string.Join(' ', a.Split(' ').Take(count)))]);

    public Task<IReadOnlyList<int>> CountTokensAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default) => Task.FromResult<IReadOnlyList<int>>([.. texts.Select(Tokens)]);
}
