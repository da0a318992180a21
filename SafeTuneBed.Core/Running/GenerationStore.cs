using Microsoft.Extensions.AI;

namespace SafeTuneBed.Running;

/// <summary>The answers of one evaluation on disk: one JSON line each, appended as they come.</summary>
internal sealed class GenerationStore
{
    public Generation? Find(string itemId, IReadOnlyList<ChatMessage> prompt) => null;

    public void Add(string itemId, IReadOnlyList<ChatMessage> prompt, Generation generation)
    {
    }
}
