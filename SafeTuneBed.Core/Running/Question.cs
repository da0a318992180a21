using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>One item as the stores of answers know it.</summary>
/// <param name="ItemId">The item's id.</param>
/// <param name="PromptHash">Hash of what is asked about it.</param>
internal readonly record struct Question(string ItemId, string PromptHash);

/// <summary>What an evaluator will ask.</summary>
/// <param name="Items">Number of items; null where it depends on the model.</param>
/// <param name="Answers">Questions whose answers are generated, in order; null where they depend on the model.</param>
/// <param name="Likelihoods">Questions that ask for log-probabilities; null where they depend on the model.</param>
internal sealed record Foreseen(int? Items, IReadOnlyList<Question>? Answers, IReadOnlyList<Question>? Likelihoods);

/// <summary>An evaluator whose questions are known before any model is loaded, so that a plan can tell which of them are answered already.</summary>
internal interface IForeseeable
{
    /// <summary>Every question.</summary>
    Task<Foreseen> ForeseeAsync(EvaluationContext context, CancellationToken cancellationToken);
}

/// <summary>Hashes of questions: two that ask alike have the same.</summary>
internal static class QuestionHash
{
    /// <summary>The hash of one question.</summary>
    public static string Of(EvaluationQuestion question)
    {
        string hash = question.Text is { } text ? Hash("text", text) : GenerationStore.HashOf(question.Conversation);
        hash = question.MaxNewTokens is { } most ? Hash(hash, "tokens", most) : hash;
        hash = question.Temperature is { } temperature ? Hash(hash, "temperature", temperature) : hash;
        return question.Continuations is { } continuations ? Hash([hash, "continuations", .. continuations.Select(c => (JsonNode)c)]) : hash;
    }

    private static string Hash(params JsonNode[] parts) => CanonicalJson.Hash(new JsonArray(parts))[..32];
}
