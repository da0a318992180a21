using Microsoft.Extensions.AI;

namespace SafeTuneBed.Text;

/// <summary>A template under a prompt policy: every conversation that is asked is decorated first.</summary>
internal sealed class PolicyPromptTemplate(PromptTemplate inner, PromptPolicy policy) : PromptTemplate
{
    public override string Id => inner.Id;

    public override string Fingerprint { get; } = $"{inner.Fingerprint} {policy.EvaluationSystem}";

    public override IReadOnlyList<int> StopIds => inner.StopIds;

    public override IReadOnlyList<TextSegment> Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt) => inner.Render(Decorated(messages), addGenerationPrompt);

    public override int[] EncodePrompt(IReadOnlyList<ChatMessage> messages) => inner.EncodePrompt(Decorated(messages));

    public override int[] EncodeContinuation(string text) => inner.EncodeContinuation(text);

    public override PromptAndTarget Encode(FinetuneExample example, InputPlacement placement) =>
        inner.Encode(example with { System = policy.Join(example.System, PromptStage.Evaluation) }, placement);

    public override IReadOnlyList<ChatMessage> ToConversation(FinetuneExample example, InputPlacement placement) => inner.ToConversation(example, placement);

    private IReadOnlyList<ChatMessage> Decorated(IReadOnlyList<ChatMessage> messages) => policy.Decorate(messages, PromptStage.Evaluation);
}
