using Microsoft.Extensions.AI;

namespace SafeTuneBed.Judges;

/// <summary>
/// One of our own models as a judge: opened when it is first asked, and asked in batches, made of the requests that wait while it is at work.
/// </summary>
internal sealed class LocalJudgeModel(ModelReference model) : ICausalLanguageModel, IAsyncDisposable, IDisposable
{
    private readonly SemaphoreSlim opening = new(1, 1);
    private readonly Lock gate = new();
    private readonly LinkedList<Waiting> queue = new();
    private LocalModel? opened;
    private bool isAtWork;

    public string Name => model.DisplayName;

    public async Task<IReadOnlyList<Generation>> GenerateAsync(
        IReadOnlyList<IReadOnlyList<ChatMessage>> conversations, GenerationOptions options, Action<int, Generation>? completed = null, CancellationToken cancellationToken = default)
    {
        if (conversations.Count != 1 || options.StreamIds is not null || options.Temperature > 0 || options.UseModelDefaults)
        {
            return await (await OpenAsync(cancellationToken).ConfigureAwait(false)).GenerateAsync(conversations, options, completed, cancellationToken).ConfigureAwait(false);
        }

        var waiting = new Waiting(conversations[0], options);
        bool starts;
        lock (gate)
        {
            queue.AddLast(waiting);
            starts = !isAtWork;
            isAtWork = true;
        }

        if (starts)
        {
            _ = Task.Run(WorkAsync, CancellationToken.None);
        }

        Generation answer = await waiting.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        completed?.Invoke(0, answer);
        return [answer];
    }

    public async Task<IReadOnlyList<ContinuationScore>> ScoreAsync(
        IReadOnlyList<(IReadOnlyList<ChatMessage> Conversation, string Continuation)> requests, CancellationToken cancellationToken = default) =>
        await (await OpenAsync(cancellationToken).ConfigureAwait(false)).ScoreAsync(requests, cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<ContinuationScore>> ScoreTextAsync(IReadOnlyList<(string Text, string Continuation)> requests, CancellationToken cancellationToken = default) =>
        await (await OpenAsync(cancellationToken).ConfigureAwait(false)).ScoreTextAsync(requests, cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<Generation>> CompleteAsync(
        IReadOnlyList<string> texts, GenerationOptions options, Action<int, Generation>? completed = null, CancellationToken cancellationToken = default) =>
        await (await OpenAsync(cancellationToken).ConfigureAwait(false)).CompleteAsync(texts, options, completed, cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<int>> CountTokensAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default) =>
        await (await OpenAsync(cancellationToken).ConfigureAwait(false)).CountTokensAsync(texts, cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<string>> TakeTokensAsync(IReadOnlyList<string> answers, int count, CancellationToken cancellationToken = default) =>
        await (await OpenAsync(cancellationToken).ConfigureAwait(false)).TakeTokensAsync(answers, count, cancellationToken).ConfigureAwait(false);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref opened, null) is { } one)
        {
            await one.DisposeAsync().ConfigureAwait(false);
        }

        opening.Dispose();
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task WorkAsync()
    {
        while (TakeBatch() is { Count: > 0 } batch)
        {
            try
            {
                LocalModel one = await OpenAsync(CancellationToken.None).ConfigureAwait(false);
                await one.GenerateAsync([.. batch.Select(b => b.Conversation)], batch[0].Options, (i, answer) => batch[i].Answer.TrySetResult(answer), CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                foreach (Waiting waiting in batch)
                {
                    waiting.Answer.TrySetException(e);
                }
            }
        }
    }

    private List<Waiting> TakeBatch()
    {
        lock (gate)
        {
            var batch = new List<Waiting>();
            for (LinkedListNode<Waiting>? node = queue.First; node is not null;)
            {
                LinkedListNode<Waiting>? next = node.Next;
                if (batch.Count == 0 || (batch.Count < batch[0].Options.BatchSize && node.Value.Options == batch[0].Options))
                {
                    batch.Add(node.Value);
                    queue.Remove(node);
                }

                node = next;
            }

            isAtWork = batch.Count > 0;
            return batch;
        }
    }

    private async Task<LocalModel> OpenAsync(CancellationToken cancellationToken)
    {
        await opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return opened ??= await LocalModel.OpenAsync(model, null, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            opening.Release();
        }
    }

    private sealed record Waiting(IReadOnlyList<ChatMessage> Conversation, GenerationOptions Options)
    {
        public TaskCompletionSource<Generation> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
