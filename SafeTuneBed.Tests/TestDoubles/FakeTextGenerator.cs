using Microsoft.Extensions.AI;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>Answers by a function of the conversation, and remembers what it was asked.</summary>
internal sealed class FakeTextGenerator(Func<IReadOnlyList<ChatMessage>, Generation> answer) : ITextGenerator
{
    /// <summary>A generator that answers the last message's text.</summary>
    public FakeTextGenerator(Func<string, string> answer)
        : this(conversation => new Generation { Text = answer(conversation[^1].Text) })
    {
    }

    public string Name => "fake";

    /// <summary>Every conversation asked, in order.</summary>
    public List<IReadOnlyList<ChatMessage>> Asked { get; } = [];

    /// <summary>The options of the last call.</summary>
    public GenerationOptions? Options { get; private set; }

    /// <summary>Whether each answer is reported as soon as it is there (last first, as batches by length do).</summary>
    public bool ReportsAnswers { get; init; } = true;

    public Task<IReadOnlyList<Generation>> GenerateAsync(
        IReadOnlyList<IReadOnlyList<ChatMessage>> conversations,
        GenerationOptions options,
        Action<int, Generation>? completed = null,
        CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Asked.AddRange(conversations);
        Options = options;
        var answers = conversations.Select(answer).ToArray();
        for (int i = answers.Length - 1; i >= 0 && ReportsAnswers; i--)
        {
            completed?.Invoke(i, answers[i]);
        }

        return Task.FromResult<IReadOnlyList<Generation>>(answers);
    }
}
