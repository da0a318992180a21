using Microsoft.Extensions.AI;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>A chat template in four strings, for what published templates don't show.</summary>
internal sealed class TurnRenderer : IChatTemplateRenderer
{
    public string Start { get; init; } = "";

    public string UserBefore { get; init; } = "U:";

    public string UserAfter { get; init; } = "\n";

    public string AnswerBefore { get; init; } = "A:";

    public string AnswerAfter { get; init; } = "";

    /// <summary>What stands for the answer's beginning when there is an answer; null for the same as in the prompt.</summary>
    public string? OtherAnswerBefore { get; init; }

    public string Fingerprint => "turns";

    public IReadOnlyDictionary<string, object?>? Variables { get; private set; }

    public IReadOnlyList<TextSegment> Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables = null)
    {
        Variables = variables;
        var segments = new List<TextSegment> { new(Start, true) };
        foreach (ChatMessage message in messages)
        {
            bool user = message.Role != ChatRole.Assistant;
            segments.Add(new TextSegment(user ? UserBefore : OtherAnswerBefore ?? AnswerBefore, true));
            segments.Add(new TextSegment(message.Text, false));
            segments.Add(new TextSegment(user ? UserAfter : AnswerAfter, true));
        }

        if (addGenerationPrompt)
        {
            segments.Add(new TextSegment(AnswerBefore, true));
        }

        return segments;
    }
}
