using Microsoft.Extensions.AI;

namespace SafeTuneBed;

/// <summary>
/// One thing that a measure asks about an item: an answer to a conversation, what follows a plain text, or how likely given continuations are.
/// </summary>
public sealed record EvaluationQuestion
{
    private EvaluationQuestion()
    {
    }

    /// <summary>The conversation; empty where a plain text is asked about.</summary>
    public IReadOnlyList<ChatMessage> Conversation { get; private init; } = [];

    /// <summary>The plain text, read without the model's template; null where a conversation is asked.</summary>
    public string? Text { get; private init; }

    /// <summary>The continuations whose log-probabilities are asked for; null where text is to be generated.</summary>
    public IReadOnlyList<string>? Continuations { get; private init; }

    /// <summary>Most new tokens of this answer; null leaves it to the evaluation's decoding. It can't raise that limit.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Sampling temperature of this answer; null leaves it to the evaluation's decoding.</summary>
    public double? Temperature { get; init; }

    /// <summary>An answer to a conversation; one that ends in a message of the assistant is gone on with.</summary>
    public static EvaluationQuestion Ask(IReadOnlyList<ChatMessage> conversation) => new() { Conversation = conversation };

    /// <summary>What follows a plain text. Only local models can be asked.</summary>
    public static EvaluationQuestion Complete(string text) => new() { Text = text };

    /// <summary>How likely each continuation is as an answer to a conversation. Only local models can be asked.</summary>
    public static EvaluationQuestion Choose(IReadOnlyList<ChatMessage> conversation, IReadOnlyList<string> continuations) => new() { Conversation = conversation, Continuations = continuations };

    /// <summary>How likely each continuation is after a plain text; the text may be empty. Only local models can be asked.</summary>
    public static EvaluationQuestion ChooseAfter(string text, IReadOnlyList<string> continuations) => new() { Text = text, Continuations = continuations };
}

/// <summary>What came back to one <see cref="EvaluationQuestion"/>.</summary>
public sealed record EvaluationAnswer
{
    /// <summary>What was asked.</summary>
    public required EvaluationQuestion Question { get; init; }

    /// <summary>The generated answer; null where continuations were asked about.</summary>
    public Generation? Generation { get; init; }

    /// <summary>The scores of the continuations, in order; empty where text was generated.</summary>
    public IReadOnlyList<ContinuationScore> Likelihoods { get; init; } = [];

    /// <summary>Whether there is nothing to score: the generation failed, or a log-probability is not finite.</summary>
    public bool IsFailed => Generation is { } g ? g.FinishReason == FinishReason.Error : Likelihoods.Any(l => !double.IsFinite(l.LogProbability));
}
