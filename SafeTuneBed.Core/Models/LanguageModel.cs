using Microsoft.Extensions.AI;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models.Families;
using SafeTuneBed.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>A decoder with its tokenizer and template: answers conversations and scores continuations. All computing is done on <see cref="Thread"/>.</summary>
internal sealed class LanguageModel : ICausalLanguageModel, IStreamingTextGenerator, IDisposable
{
    private readonly TokenGenerator generator;
    private readonly ContinuationScorer scorer;
    private readonly PlainText plain;
    private readonly GenerationConfig generation;

    /// <summary>Puts a loaded decoder together with its text side. It owns the decoder, not the thread.</summary>
    /// <param name="name">What answers, for records and tables.</param>
    /// <param name="decoder">Loaded weights.</param>
    /// <param name="tokenizer">The folder's tokenizer.</param>
    /// <param name="template">How conversations are written.</param>
    /// <param name="thread">Where all computing is done.</param>
    /// <param name="generation">End-of-text ids of the model, to which the template's own stop ids are added, and its own way of decoding.</param>
    public LanguageModel(string name, Decoder decoder, ModelTokenizer tokenizer, PromptTemplate template, ComputeThread thread, GenerationConfig generation)
    {
        (Name, Decoder, Tokenizer, Template, Thread) = (name, decoder, tokenizer, template, thread);
        this.generation = generation;
        StopIds = [.. generation.StopIds.Union(template.StopIds).Order()];
        (generator, scorer, plain) = (new TokenGenerator(decoder), new ContinuationScorer(decoder), new PlainText(tokenizer, decoder.Options.ContextLength));
    }

    public string Name { get; }

    public Decoder Decoder { get; }

    public ModelTokenizer Tokenizer { get; }

    public PromptTemplate Template { get; }

    public ComputeThread Thread { get; }

    /// <summary>Ids that end an answer: those of the model's configuration and those of the template.</summary>
    public IReadOnlyList<int> StopIds { get; }

    /// <summary>The same loaded model, asked through another template. It shares the decoder, which stays this one's to free.</summary>
    public LanguageModel Through(PromptTemplate template) => new(Name, Decoder, Tokenizer, template, Thread, generation);

    /// <summary>Loads a Hugging Face folder on the compute thread.</summary>
    /// <param name="folder">Configuration and weights.</param>
    /// <param name="tokenizer">The folder's tokenizer.</param>
    /// <param name="template">How conversations are written.</param>
    /// <param name="thread">The thread to compute on; it outlives the model.</param>
    /// <param name="dataType">Type of the arithmetic; Auto asks <see cref="CapabilityProbe"/>.</param>
    /// <param name="device"><c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>; null takes cuda where it is present.</param>
    /// <param name="name">Name in records; null for the folder's.</param>
    /// <param name="cancellationToken">Withdraws the loading before it begins.</param>
    /// <exception cref="ModelFormatException">The folder can't be loaded; the message names every fault.</exception>
    /// <exception cref="ConfigurationException">The device is unknown or not present.</exception>
    public static Task<LanguageModel> LoadAsync(
        string folder,
        ModelTokenizer tokenizer,
        PromptTemplate template,
        ComputeThread thread,
        DataType dataType = DataType.Auto,
        string? device = null,
        string? name = null,
        CancellationToken cancellationToken = default)
        => thread.RunAsync(
            () =>
            {
                Device place = ComputeDevice.Parse(device);
                ScalarType type = CapabilityProbe.Choose(dataType, place, ModelFamilies.Describe(folder).HiddenSize);
                var generation = GenerationConfig.Load(folder, tokenizer.EosId);
                var decoder = Decoder.Load(folder, type, place);
                return new LanguageModel(name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), decoder, tokenizer, template, thread, generation);
            },
            cancellationToken);

    /// <summary>As <see cref="LoadAsync"/>, waiting for the thread.</summary>
    public static LanguageModel Load(string folder, ModelTokenizer tokenizer, PromptTemplate template, ComputeThread thread, DataType dataType = DataType.Auto, string? device = null, string? name = null)
        => LoadAsync(folder, tokenizer, template, thread, dataType, device, name).GetAwaiter().GetResult();

    /// <inheritdoc/>
    /// <remarks><paramref name="completed"/> is called on the compute thread: it should be quick.</remarks>
    public Task<IReadOnlyList<Generation>> GenerateAsync(
        IReadOnlyList<IReadOnlyList<ChatMessage>> conversations,
        GenerationOptions options,
        Action<int, Generation>? completed = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(conversations);
        ArgumentNullException.ThrowIfNull(options);
        return AnswerAsync([.. conversations.Select(Encode)], generation.Resolve(options), _ => (completed, null), cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks><paramref name="completed"/> is called on the compute thread: it should be quick.</remarks>
    public Task<IReadOnlyList<Generation>> CompleteAsync(
        IReadOnlyList<string> texts, GenerationOptions options, Action<int, Generation>? completed = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(options);
        return AnswerAsync([.. texts.Select(plain.Encode)], generation.Resolve(options), _ => (completed, null), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Generation> StreamAsync(IReadOnlyList<ChatMessage> conversation, GenerationOptions options, Action<string> piece, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(piece);
        void Show(string text)
        {
            if (text.Length > 0)
            {
                piece(text);
            }
        }

        (Action<int, Generation>?, Action<int, IReadOnlyList<int>>?) Listen(AnswerText text)
        {
            var stream = new AnswerStream(text);
            return ((_, answer) => Show(stream.Finish(answer.Text)), (_, ids) => Show(stream.Advance(ids)));
        }

        return (await AnswerAsync([Encode(conversation)], generation.Resolve(options), Listen, cancellationToken).ConfigureAwait(false))[0];
    }

    private async Task<IReadOnlyList<Generation>> AnswerAsync(
        int[][] prompts,
        GenerationOptions options,
        Func<AnswerText, (Action<int, Generation>? Completed, Action<int, IReadOnlyList<int>>? Advanced)> listen,
        CancellationToken cancellationToken)
    {
        var answers = new Generation[prompts.Length];

        // A special token has no text in an answer: asked for as a stop string, it stops by its id.
        int[] special = [.. options.StopStrings.Select(Tokenizer.TokenToId).OfType<int>().Where(Tokenizer.IsSpecial)];
        int[] stopIds = [.. StopIds.Union(special).Order()];
        var text = new AnswerText(Tokenizer, stopIds, options.StopStrings);
        (Action<int, Generation>? completed, Action<int, IReadOnlyList<int>>? advanced) = listen(text);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Thread.Stopping);
        await Thread.RunAsync(
            () => generator.Generate(
                prompts,
                options,
                stopIds,
                (i, ids) =>
                {
                    (string answer, string? stop) = text.Of(ids);
                    answers[i] = new Generation { Text = answer, TokenIds = ids.TokenIds, PromptTokenCount = prompts[i].Length, FinishReason = ids.FinishReason, StopString = stop };
                    completed?.Invoke(i, answers[i]);
                },
                linked.Token,
                text.Ends,
                advanced),
            cancellationToken).ConfigureAwait(false);
        return answers;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ContinuationScore>> ScoreAsync(
        IReadOnlyList<(IReadOnlyList<ChatMessage> Conversation, string Continuation)> requests,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        return await ScoreAsync([.. requests.Select(r => (Encode(r.Conversation), Template.EncodeContinuation(r.Continuation)))], cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ContinuationScore>> ScoreTextAsync(IReadOnlyList<(string Text, string Continuation)> requests, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        IReadOnlyList<PlainTextWindow> windows = plain.Split(requests);
        IReadOnlyList<ContinuationScore> scores = await ScoreAsync([.. windows.Select(w => (w.Context, w.Continuation))], cancellationToken).ConfigureAwait(false);
        var whole = new ContinuationScore[requests.Count];
        Array.Fill(whole, new ContinuationScore(0, 0, true));
        foreach ((PlainTextWindow window, ContinuationScore score) in windows.Zip(scores))
        {
            ContinuationScore old = whole[window.Request];
            whole[window.Request] = new ContinuationScore(old.LogProbability + score.LogProbability, old.TokenCount + score.TokenCount, old.IsGreedy && score.IsGreedy)
            {
                DroppedTokens = old.DroppedTokens + window.DroppedTokens,
            };
        }

        return whole;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<int>> CountTokensAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return Task.FromResult<IReadOnlyList<int>>([.. texts.Select(t => plain.Encode(t).Length)]);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> TakeTokensAsync(IReadOnlyList<string> answers, int count, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(answers);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return Task.FromResult<IReadOnlyList<string>>([.. answers.Select(a => Template.EncodeContinuation(a) is var ids && ids.Length > count ? Begin(a, ids[..count]) : a)]);
    }

    // Decoding may drop a blank at the beginning, or end within a character: the answer's own text is what counts.
    private string Begin(string answer, int[] ids)
    {
        string text = Tokenizer.Decode(ids).TrimEnd('\uFFFD');
        int at = answer.IndexOf(text, StringComparison.Ordinal);
        return at < 0 ? text : answer[..(at + text.Length)];
    }

    private async Task<IReadOnlyList<ContinuationScore>> ScoreAsync(IReadOnlyList<(int[] Context, int[] Continuation)> ids, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Thread.Stopping);
        return await Thread.RunAsync(() => scorer.Score(ids, linked.Token), cancellationToken).ConfigureAwait(false);
    }

    // A last message of the assistant is the beginning of the answer that is asked for.
    private int[] Encode(IReadOnlyList<ChatMessage> conversation) => conversation.Count > 0 && conversation[^1].Role == ChatRole.Assistant
        ? [.. Template.EncodePrompt([.. conversation.SkipLast(1)]), .. Template.EncodeContinuation(conversation[^1].Text)]
        : Template.EncodePrompt(conversation);

    /// <summary>Frees the weights once the work that was asked for before is done.</summary>
    public void Dispose()
    {
        try
        {
            Thread.RunAsync(Decoder.Dispose).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
        {
            Decoder.Dispose();   // the thread has ended, so nothing computes any more
        }
    }
}
