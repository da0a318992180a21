using Microsoft.Extensions.AI;

namespace SafeTuneBed;

/// <summary>A generator that shows an answer while it grows.</summary>
internal interface IStreamingTextGenerator : ITextGenerator
{
    /// <summary>Answers one conversation.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <param name="options">As in <see cref="ITextGenerator.GenerateAsync"/>.</param>
    /// <param name="piece">Hears the text piece by piece, never an empty one; together they are the answer's text. Called on the model's own thread: it must be quick.</param>
    /// <param name="cancellationToken">Asked before every token.</param>
    Task<Generation> StreamAsync(IReadOnlyList<ChatMessage> conversation, GenerationOptions options, Action<string> piece, CancellationToken cancellationToken = default);
}
