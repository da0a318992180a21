using Microsoft.Extensions.AI;

namespace SafeTuneBed.HeldOutLoss;

/// <summary>A row that was not trained on: what is asked, and the answer whose loss is taken.</summary>
internal sealed record HeldOutRow(string Id, bool IsHarmful, IReadOnlyList<ChatMessage> Prompt, string Answer, string? Category);
