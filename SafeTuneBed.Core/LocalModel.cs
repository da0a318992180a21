using Microsoft.Extensions.AI;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Running;

namespace SafeTuneBed;

/// <summary>
/// A model on this machine, opened to be asked: it answers conversations, gives log-probabilities, and by
/// <see cref="TextGeneratorExtensions.AsChatClient"/> is a chat client with streaming. Calls from several threads are done one after the other.
/// </summary>
public sealed class LocalModel : ICausalLanguageModel, IStreamingTextGenerator, IAsyncDisposable
{
    private readonly IModelWorker worker;
    private readonly IStreamingTextGenerator generator;

    private LocalModel(IModelWorker worker, IStreamingTextGenerator generator, int contextLength) => (this.worker, this.generator, ContextLength) = (worker, generator, contextLength);

    private ICausalLanguageModel Causal => (ICausalLanguageModel)generator;

    /// <inheritdoc/>
    public string Name => generator.Name;

    /// <summary>Most tokens of prompt and answer together. A prompt of as many or more gets no answer: <see cref="FinishReason.Error"/>.</summary>
    public int ContextLength { get; }

    /// <summary>Opens a model: tokenizer, template, weights.</summary>
    /// <param name="model">A folder, or <c>sandbox</c>.</param>
    /// <param name="artifact">
    /// What training made of it, asked under the template it was trained with unless the model names another; null is the model untouched. Keep it until the
    /// model is closed.
    /// </param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="ModelFormatException">The folder can't be loaded.</exception>
    /// <exception cref="ConfigurationException">The device is unknown or not present, or no back end is installed.</exception>
    public static async Task<LocalModel> OpenAsync(ModelReference model, ModelArtifact? artifact = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        var host = new ModelHost(new BedSettings());
        ModelDescription description = await host.DescribeAsync(model, model.Template ?? artifact?.Template, cancellationToken).ConfigureAwait(false);
        IModelWorker worker = host.CreateWorker(ComputeThread.DefaultThreadCount);
        try
        {
            ITextGenerator generator = await worker.OpenAsync(description, artifact ?? new ModelArtifact { Model = model }, cancellationToken).ConfigureAwait(false);
            return new LocalModel(worker, (IStreamingTextGenerator)generator, description.ContextLength);
        }
        catch
        {
            await worker.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks><paramref name="completed"/> is called on the model's own thread: it should be quick.</remarks>
    public Task<IReadOnlyList<Generation>> GenerateAsync(
        IReadOnlyList<IReadOnlyList<ChatMessage>> conversations,
        GenerationOptions options,
        Action<int, Generation>? completed = null,
        CancellationToken cancellationToken = default)
        => generator.GenerateAsync(conversations, options, completed, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ContinuationScore>> ScoreAsync(
        IReadOnlyList<(IReadOnlyList<ChatMessage> Conversation, string Continuation)> requests, CancellationToken cancellationToken = default)
        => Causal.ScoreAsync(requests, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ContinuationScore>> ScoreTextAsync(IReadOnlyList<(string Text, string Continuation)> requests, CancellationToken cancellationToken = default)
        => Causal.ScoreTextAsync(requests, cancellationToken);

    /// <inheritdoc/>
    /// <remarks><paramref name="completed"/> is called on the model's own thread: it should be quick.</remarks>
    public Task<IReadOnlyList<Generation>> CompleteAsync(
        IReadOnlyList<string> texts, GenerationOptions options, Action<int, Generation>? completed = null, CancellationToken cancellationToken = default)
        => Causal.CompleteAsync(texts, options, completed, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<int>> CountTokensAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default)
        => Causal.CountTokensAsync(texts, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> TakeTokensAsync(IReadOnlyList<string> answers, int count, CancellationToken cancellationToken = default)
        => Causal.TakeTokensAsync(answers, count, cancellationToken);

    Task<Generation> IStreamingTextGenerator.StreamAsync(
        IReadOnlyList<ChatMessage> conversation, GenerationOptions options, Action<string> piece, CancellationToken cancellationToken)
        => generator.StreamAsync(conversation, options, piece, cancellationToken);

    /// <summary>Frees the weights once the work that was asked for before is done.</summary>
    public ValueTask DisposeAsync() => worker.DisposeAsync();
}
