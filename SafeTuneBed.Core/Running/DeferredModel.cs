using Microsoft.Extensions.AI;

namespace SafeTuneBed.Running;

/// <summary>A model that is opened only when something is really asked: stored answers need none.</summary>
internal sealed class DeferredModel(string name, Func<CancellationToken, Task<ITextGenerator>> open) : ICausalLanguageModel, IStreamingTextGenerator
{
    private ITextGenerator? model;

    public string Name { get; } = name;

    public async Task<IReadOnlyList<Generation>> GenerateAsync(
        IReadOnlyList<IReadOnlyList<ChatMessage>> conversations,
        GenerationOptions options,
        Action<int, Generation>? completed = null,
        CancellationToken cancellationToken = default)
    {
        ITextGenerator opened = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await opened.GenerateAsync(conversations, options, completed, cancellationToken).ConfigureAwait(false);
    }

    public async Task<Generation> StreamAsync(IReadOnlyList<ChatMessage> conversation, GenerationOptions options, Action<string> piece, CancellationToken cancellationToken = default)
    {
        ITextGenerator opened = await OpenAsync(cancellationToken).ConfigureAwait(false);
        if (opened is IStreamingTextGenerator streaming)
        {
            return await streaming.StreamAsync(conversation, options, piece, cancellationToken).ConfigureAwait(false);
        }

        Generation answer = (await opened.GenerateAsync([conversation], options, null, cancellationToken).ConfigureAwait(false))[0];
        if (answer.Text.Length > 0)
        {
            piece(answer.Text);
        }

        return answer;
    }

    public async Task<IReadOnlyList<ContinuationScore>> ScoreAsync(
        IReadOnlyList<(IReadOnlyList<ChatMessage> Conversation, string Continuation)> requests,
        CancellationToken cancellationToken = default) =>
        await (await CausalAsync(cancellationToken).ConfigureAwait(false)).ScoreAsync(requests, cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<ContinuationScore>> ScoreTextAsync(IReadOnlyList<(string Text, string Continuation)> requests, CancellationToken cancellationToken = default) =>
        await (await CausalAsync(cancellationToken).ConfigureAwait(false)).ScoreTextAsync(requests, cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<Generation>> CompleteAsync(
        IReadOnlyList<string> texts, GenerationOptions options, Action<int, Generation>? completed = null, CancellationToken cancellationToken = default) =>
        await (await CausalAsync(cancellationToken).ConfigureAwait(false)).CompleteAsync(texts, options, completed, cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<int>> CountTokensAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default) =>
        await (await CausalAsync(cancellationToken).ConfigureAwait(false)).CountTokensAsync(texts, cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<string>> TakeTokensAsync(IReadOnlyList<string> answers, int count, CancellationToken cancellationToken = default) =>
        await (await CausalAsync(cancellationToken).ConfigureAwait(false)).TakeTokensAsync(answers, count, cancellationToken).ConfigureAwait(false);

    private async Task<ICausalLanguageModel> CausalAsync(CancellationToken cancellationToken) =>
        await OpenAsync(cancellationToken).ConfigureAwait(false) as ICausalLanguageModel ?? throw new ConfigurationException($"'{Name}' does not give log-probabilities. Use a local model.");

    private async Task<ITextGenerator> OpenAsync(CancellationToken cancellationToken) => model ??= await open(cancellationToken).ConfigureAwait(false);
}
