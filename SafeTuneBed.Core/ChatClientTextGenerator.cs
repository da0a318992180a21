using Microsoft.Extensions.AI;
using SafeTuneBed.Models;

namespace SafeTuneBed;

/// <summary>A chat client as a generator.</summary>
internal sealed class ChatClientTextGenerator(IChatClient client, string name, int concurrency) : ITextGenerator
{
    public string Name => name;

    public async Task<IReadOnlyList<Generation>> GenerateAsync(
        IReadOnlyList<IReadOnlyList<ChatMessage>> conversations,
        GenerationOptions options,
        Action<int, Generation>? completed = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(conversations);
        ArgumentNullException.ThrowIfNull(options);
        if (options.RepetitionPenalty != 1)
        {
            throw new ConfigurationException($"'{name}' is a chat client, which has no repetition penalty. Leave {nameof(options.RepetitionPenalty)} at 1.");
        }

        if (options.StreamIds is { } streams && streams.Count != conversations.Count)
        {
            throw new ArgumentException($"There are {streams.Count} stream ids for {conversations.Count} prompts.", nameof(options));
        }

        var answers = new Generation[conversations.Count];
        var gate = new Lock();
        await Parallel.ForAsync(
            0,
            answers.Length,
            new ParallelOptions { MaxDegreeOfParallelism = concurrency, CancellationToken = cancellationToken },
            async (i, token) =>
            {
                ChatResponse response = await client.GetResponseAsync(conversations[i], RequestOf(options, i), token).ConfigureAwait(false);
                Generation answer = AnswerOf(response, options.StopStrings);
                lock (gate)
                {
                    answers[i] = answer;
                    completed?.Invoke(i, answer);
                }
            }).ConfigureAwait(false);
        return answers;
    }

    private static ChatOptions RequestOf(GenerationOptions options, int index)
    {
        var request = new ChatOptions
        {
            MaxOutputTokens = options.MaxNewTokens,
            StopSequences = options.StopStrings.Count > 0 ? [.. options.StopStrings] : null,
        };
        if (options.UseModelDefaults)
        {
            return request;
        }

        request.Temperature = (float)options.Temperature;
        if (options.Temperature > 0)
        {
            request.TopP = options.TopP < 1 ? (float)options.TopP : null;
            request.TopK = options.TopK > 0 ? options.TopK : null;
            request.Seed = SampleStream.SeedOf(options.Seed, options.StreamIds is { } ids ? ids[index] : (ulong)index);
        }

        return request;
    }

    private static Generation AnswerOf(ChatResponse response, IReadOnlyList<string> stopStrings)
    {
        string text = response.Text;
        (int At, string? Stop) cut = (-1, null);
        foreach (string stop in stopStrings)
        {
            int at = text.IndexOf(stop, StringComparison.Ordinal);
            cut = at >= 0 && (cut.At < 0 || at < cut.At) ? (at, stop) : cut;
        }

        return new Generation
        {
            Text = cut.At >= 0 ? text[..cut.At] : text,
            StopString = cut.Stop,
            PromptTokenCount = (int)Math.Min(response.Usage?.InputTokenCount ?? 0, int.MaxValue),
            FinishReason = cut.At >= 0 ? FinishReason.Stop
                : response.FinishReason == ChatFinishReason.Length ? FinishReason.Length
                : response.FinishReason == ChatFinishReason.ContentFilter ? FinishReason.ContentFilter
                : response.FinishReason is null || response.FinishReason == ChatFinishReason.Stop ? FinishReason.Stop
                : FinishReason.Error,
        };
    }
}
