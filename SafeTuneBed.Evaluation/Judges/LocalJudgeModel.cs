using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;

namespace SafeTuneBed.Judges;

/// <summary>
/// One of our own models as a judge: opened when it is first asked, and asked in batches, made of the requests that wait while it is at work. What their prompts begin with
/// alike, such as a rubric, is then computed once.
/// </summary>
internal sealed class LocalJudgeModel(ModelReference model) : ICausalLanguageModel, IAsyncDisposable, IDisposable
{
    /// <summary>Most requests that should be under way: enough to fill the places that finished answers leave in a batch.</summary>
    public const int Concurrency = 128;

    private readonly SemaphoreSlim opening = new(1, 1);
    private readonly Lock gate = new();
    private readonly LinkedList<Waiting> queue = new();
    private LocalModel? opened;
    private bool isAtWork;

    public string Name => model.DisplayName;

    /// <summary>
    /// What tells a folder's verdicts from those of another one of the same name, or of the same one once it was written anew: its files with their sizes and times, the
    /// template and the number type. Null where there is no folder.
    /// </summary>
    public string? FilesHash => model.IsSandbox || !Directory.Exists(model.Location) ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', new DirectoryInfo(model.Location)
        .EnumerateFiles().Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Name} {f.Length} {f.LastWriteTimeUtc.Ticks}")).Order(StringComparer.Ordinal).Append($"{model.Template} {model.DataType}")))))[..12];

    public async Task<IReadOnlyList<Generation>> GenerateAsync(
        IReadOnlyList<IReadOnlyList<ChatMessage>> conversations, GenerationOptions options, Action<int, Generation>? completed = null, CancellationToken cancellationToken = default)
    {
        if (conversations.Count != 1 || options.StreamIds is not null || options.Temperature > 0 || options.UseModelDefaults)
        {
            return await (await OpenAsync(cancellationToken).ConfigureAwait(false)).GenerateAsync(conversations, options, completed, cancellationToken).ConfigureAwait(false);
        }

        var asked = new Asked(conversations[0], options);
        Enqueue(asked);
        Generation answer = await asked.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (answer.FinishReason == FinishReason.Error && opened is { } one && answer.PromptTokenCount >= one.ContextLength)
        {
            throw new PromptTooLongException(Name, answer.PromptTokenCount, one.ContextLength); // this item's fault, not the model's
        }

        completed?.Invoke(0, answer);
        return [answer];
    }

    public async Task<IReadOnlyList<ContinuationScore>> ScoreAsync(
        IReadOnlyList<(IReadOnlyList<ChatMessage> Conversation, string Continuation)> requests, CancellationToken cancellationToken = default)
    {
        var weighed = new Weighed(requests);
        Enqueue(weighed);
        return await weighed.Scores.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

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

    private void Enqueue(Waiting waiting)
    {
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
    }

    private async Task WorkAsync()
    {
        while (TakeBatch() is { Count: > 0 } batch)
        {
            try
            {
                LocalModel one = await OpenAsync(CancellationToken.None).ConfigureAwait(false);
                await (batch[0] is Asked ? AnswerAsync(one, [.. batch.Cast<Asked>()]) : WeighAsync(one, [.. batch.Cast<Weighed>()])).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                batch.ForEach(waiting => waiting.Fail(e));
            }
        }
    }

    private static Task AnswerAsync(LocalModel one, Asked[] batch) =>
        one.GenerateAsync([.. batch.Select(b => b.Conversation)], batch[0].Options, (i, answer) => batch[i].Answer.TrySetResult(answer), CancellationToken.None);

    private static async Task WeighAsync(LocalModel one, Weighed[] batch)
    {
        IReadOnlyList<ContinuationScore> scores;
        try
        {
            scores = await one.ScoreAsync([.. batch.SelectMany(b => b.Requests)], CancellationToken.None).ConfigureAwait(false);
        }
        catch (SafeTuneBedException) when (batch.Length > 1)
        {
            // One that is too long is its own asker's fault alone.
            foreach (Weighed weighed in batch)
            {
                try
                {
                    await WeighAsync(one, [weighed]).ConfigureAwait(false);
                }
                catch (SafeTuneBedException e)
                {
                    weighed.Fail(e);
                }
            }

            return;
        }

        int next = 0;
        foreach (Weighed weighed in batch)
        {
            weighed.Scores.TrySetResult([.. scores.Skip(next).Take(weighed.Requests.Count)]);
            next += weighed.Requests.Count;
        }
    }

    // All that wait for the same work, however many: the model itself decides how many rows it computes at a time.
    private List<Waiting> TakeBatch()
    {
        lock (gate)
        {
            var batch = new List<Waiting>();
            for (LinkedListNode<Waiting>? node = queue.First; node is not null;)
            {
                LinkedListNode<Waiting>? next = node.Next;
                if (batch.Count == 0 || node.Value.IsLike(batch[0]))
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

    private abstract class Waiting
    {
        public abstract bool IsLike(Waiting other);

        public abstract void Fail(Exception exception);
    }

    private sealed class Asked(IReadOnlyList<ChatMessage> conversation, GenerationOptions options) : Waiting
    {
        public IReadOnlyList<ChatMessage> Conversation => conversation;

        public GenerationOptions Options => options;

        public TaskCompletionSource<Generation> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override bool IsLike(Waiting other) => other is Asked asked && asked.Options == options;

        public override void Fail(Exception exception) => Answer.TrySetException(exception);
    }

    private sealed class Weighed(IReadOnlyList<(IReadOnlyList<ChatMessage> Conversation, string Continuation)> requests) : Waiting
    {
        public IReadOnlyList<(IReadOnlyList<ChatMessage> Conversation, string Continuation)> Requests => requests;

        public TaskCompletionSource<IReadOnlyList<ContinuationScore>> Scores { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override bool IsLike(Waiting other) => other is Weighed;

        public override void Fail(Exception exception) => Scores.TrySetException(exception);
    }
}
