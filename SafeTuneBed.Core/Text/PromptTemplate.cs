using Microsoft.Extensions.AI;

namespace SafeTuneBed.Text;

/// <summary>A training row as ids, still in two parts: nothing of the prompt is supervised, all of the target is.</summary>
/// <param name="Prompt">Prompt ids, beginning-of-text included where the template or the tokenizer asks for it.</param>
/// <param name="Target">Answer ids with the end token.</param>
public readonly record struct PromptAndTarget(int[] Prompt, int[] Target);

/// <summary>How a conversation becomes text and ids for one model. The same object serves training and evaluation.</summary>
public abstract class PromptTemplate
{
    /// <summary><c>chat</c>, <c>alpaca</c> or <c>raw</c>.</summary>
    public abstract string Id { get; }

    /// <summary>SHA-256 over the template's canonical text, hex.</summary>
    public abstract string Fingerprint { get; }

    /// <summary>The ids that end an answer under this template.</summary>
    public abstract IReadOnlyList<int> StopIds { get; }

    /// <summary>Renders a conversation.</summary>
    /// <param name="messages">System (optional), user and assistant turns.</param>
    /// <param name="addGenerationPrompt">True when an answer shall follow.</param>
    public abstract IReadOnlyList<TextSegment> Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt);

    /// <summary>Ids after which the model answers; exactly one beginning-of-text id where the model wants one.</summary>
    public abstract int[] EncodePrompt(IReadOnlyList<ChatMessage> messages);

    /// <summary>Ids of a continuation as an answer to <see cref="EncodePrompt"/>, without an end token.</summary>
    public abstract int[] EncodeContinuation(string text);

    /// <summary>The ids of a training row. Prompt ids are those of <see cref="EncodePrompt"/> for the same request, by construction.</summary>
    public abstract PromptAndTarget Encode(FinetuneExample example, InputPlacement placement);

    /// <summary>The conversation that asks for an example's answer, as evaluation uses it.</summary>
    public abstract IReadOnlyList<ChatMessage> ToConversation(FinetuneExample example, InputPlacement placement);
}
