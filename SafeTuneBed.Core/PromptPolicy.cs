using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;

namespace SafeTuneBed;

/// <summary>When a policy decorates a conversation.</summary>
public enum PromptStage
{
    /// <summary>The user's training rows.</summary>
    Training,

    /// <summary>Everything that the trained model is asked.</summary>
    Evaluation,
}

/// <summary>
/// What a defense puts around every conversation of a model, as a provider does with requests that come in. It travels with the artifact, and whatever opens an artifact obeys it: an
/// evaluation can't forget it. Values alone and no code, so that it can be saved and compared.
/// </summary>
public sealed record PromptPolicy
{
    /// <summary>System text of the user's training rows; null leaves them as they are.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TrainingSystem { get; init; }

    /// <summary>System text of everything that is asked afterwards; null leaves it as it is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? EvaluationSystem { get; init; }

    /// <summary>The conversation with the policy's system text as its first message. Where it has a system message already, the policy's text goes before that one's, on a line of its own.</summary>
    public IReadOnlyList<ChatMessage> Decorate(IReadOnlyList<ChatMessage> messages, PromptStage stage)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (TextOf(stage) is null)
        {
            return messages;
        }

        string? own = messages.Count > 0 && messages[0].Role == ChatRole.System ? messages[0].Text : null;
        return [new ChatMessage(ChatRole.System, Join(own, stage)), .. messages.Skip(own is null ? 0 : 1)];
    }

    /// <summary>The system text of a conversation that has this one of its own.</summary>
    internal string? Join(string? own, PromptStage stage) => TextOf(stage) is { } text ? string.IsNullOrEmpty(own) ? text : $"{text}\n{own}" : own;

    private string? TextOf(PromptStage stage) => stage == PromptStage.Training ? TrainingSystem : EvaluationSystem;
}
