using Microsoft.Extensions.AI;

namespace SafeTuneBed;

/// <summary>The two bridges between our models and chat clients.</summary>
public static class TextGeneratorExtensions
{
    /// <summary>
    /// A generator as a chat client, with streaming. Of <see cref="ChatOptions"/> these count: MaxOutputTokens, Temperature, TopP, TopK, Seed, StopSequences,
    /// Instructions (as system message) and ModelId (which must be the model's name). Any other that is set, and content that is no text, is refused by name.
    /// Streamed text never breaks a character and never shows a part of a stop sequence; together the pieces are the whole answer.
    /// </summary>
    /// <param name="generator">One of our models, or any other generator. Disposing the client does not dispose it.</param>
    /// <param name="defaults">
    /// Decoding where a request says nothing; null is greedy. Where <see cref="GenerationOptions.UseModelDefaults"/> is set, a request with a temperature, top-p or
    /// top-k of its own is decoded by its own values alone.
    /// </param>
    public static IChatClient AsChatClient(this ITextGenerator generator, GenerationOptions? defaults = null)
    {
        ArgumentNullException.ThrowIfNull(generator);
        return new TextGeneratorChatClient(generator, defaults ?? new GenerationOptions());
    }

    /// <summary>
    /// A chat client as a generator, so that an evaluator can measure a hosted model. Requests are sent several at a time and not repeated: put retries and rate
    /// limits into the client. The first failure ends the call; answers that came before it have been reported.
    /// </summary>
    /// <param name="client">The client; the caller disposes it.</param>
    /// <param name="name">Name in records; null takes the client's default model.</param>
    /// <param name="concurrency">Most requests at the same time, at least 1.</param>
    /// <remarks>
    /// Greedy decoding asks for temperature 0, which few providers answer in the same way twice. In sampling each prompt has a seed of its own, made of
    /// <see cref="GenerationOptions.Seed"/> and its stream id; whether it counts is up to the provider. Stop strings are also cut off here.
    /// <see cref="GenerationOptions.RepetitionPenalty"/> is refused.
    /// </remarks>
    public static ITextGenerator AsTextGenerator(this IChatClient client, string? name = null, int concurrency = 4)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        return new ChatClientTextGenerator(client, name ?? client.GetService<ChatClientMetadata>()?.DefaultModelId ?? client.GetType().Name, concurrency);
    }
}
