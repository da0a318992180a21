using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;
using SafeTuneBed.Running;

namespace SafeTuneBed;

/// <summary>
/// A measure that asks the model one thing per item and judges the answer. Subclasses say what the items are, how an item becomes a
/// conversation, and how an answer is scored; batching, storage, resuming and counting are done here.
/// </summary>
public abstract class PromptEvaluator<TItem> : IEvaluator, IForeseeable
{
    /// <inheritdoc/>
    public abstract IReadOnlyList<MetricDefinition> Metrics { get; }

    /// <inheritdoc/>
    public virtual EvaluatorNeeds Needs => EvaluatorNeeds.Prompts;

    /// <inheritdoc/>
    public virtual string? DefaultPromptSet => null;

    /// <inheritdoc/>
    public virtual GenerationOptions Generation => new();

    /// <summary>The items, each with a unique id (see <see cref="GetItemId"/>).</summary>
    protected abstract IAsyncEnumerable<TItem> LoadItemsAsync(EvaluationContext context, CancellationToken cancellationToken);

    /// <summary>The id of an item. Default: <see cref="PromptItem.Id"/>, or corpus and position of a <see cref="FinetuneExample"/>.</summary>
    protected virtual string GetItemId(TItem item) => item switch
    {
        PromptItem prompt => prompt.Id,
        FinetuneExample example => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{example.Origin.Corpus}#{example.Origin.Index}"),
        _ => throw new InvalidOperationException($"{GetType().Name} must override {nameof(GetItemId)}, because items of type {typeof(TItem).Name} have no known id."),
    };

    /// <summary>The conversation that asks about an item.</summary>
    protected abstract IReadOnlyList<ChatMessage> CreatePrompt(TItem item);

    /// <summary>
    /// The scores of one answer, at most one per metric; several metrics may score the same answer. Called also for empty answers, never for
    /// failed ones. A metric left out is recorded as <see cref="UnscoredReason.NotApplicable"/>, so that every metric counts every item.
    /// </summary>
    protected abstract IEnumerable<SampleScore> Score(TItem item, Generation answer);

    /// <inheritdoc/>
    /// <remarks>Loads the items as the evaluation will, and looks whether each id occurs once. What <see cref="LoadItemsAsync"/> throws is told by the plan.</remarks>
    public virtual async ValueTask CheckItemsAsync(EvaluationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            await LoadAsync(context, cancellationToken).ConfigureAwait(false);
        }
        catch (ModelNotLoadedException)
        {
            // items that depend on the model are known when it answers
        }
    }

    /// <inheritdoc/>
    async Task<IReadOnlyList<Question>?> IForeseeable.ForeseeAsync(EvaluationContext context, CancellationToken cancellationToken)
    {
        try
        {
            List<TItem> items = await LoadAsync(context, cancellationToken).ConfigureAwait(false);
            return [.. items.Select(i => new Question(GetItemId(i), GenerationStore.HashOf(CreatePrompt(i))))];
        }
        catch (ModelNotLoadedException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        List<TItem> items = await LoadAsync(context, cancellationToken).ConfigureAwait(false);
        Generation[] answers = await AnswerAsync(context, items, cancellationToken).ConfigureAwait(false);
        var scores = new List<SampleScore>();
        for (int i = 0; i < items.Count; i++)
        {
            string id = GetItemId(items[i]);
            IEnumerable<SampleScore> itemScores = answers[i].FinishReason == FinishReason.Error
                ? Metrics.Select(m => m.Unscored(UnscoredReason.GenerationFailed))
                : Complete(Score(items[i], answers[i]));
            scores.AddRange(itemScores.Select(s => s with { ItemId = id }));
        }

        return new EvaluationResult(scores);
    }

    private async Task<List<TItem>> LoadAsync(EvaluationContext context, CancellationToken cancellationToken)
    {
        var items = new List<TItem>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        await foreach (TItem item in LoadItemsAsync(context, cancellationToken).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (!seen.Add(GetItemId(item)))
            {
                throw new ConfigurationException($"Evaluator '{context.EvaluatorName}': the item id '{GetItemId(item)}' occurs twice. Ids must be unique within a set.");
            }

            items.Add(item);
        }

        return items;
    }

    /// <summary>One score per metric, in the order of <see cref="Metrics"/>: the denominator of every metric is the item list.</summary>
    private List<SampleScore> Complete(IEnumerable<SampleScore> given)
    {
        var byMetric = new Dictionary<string, SampleScore>(StringComparer.Ordinal);
        foreach (SampleScore score in given)
        {
            if (!byMetric.TryAdd(score.Metric, score))
            {
                throw new InvalidOperationException($"{GetType().Name} scored one answer twice by the metric '{score.Metric}'.");
            }
        }

        List<SampleScore> complete = [.. Metrics.Select(m => byMetric.Remove(m.Name, out SampleScore? score) ? score : m.Unscored(UnscoredReason.NotApplicable))];
        return byMetric.Count == 0
            ? complete
            : throw new InvalidOperationException($"{GetType().Name} gave a score of '{byMetric.Keys.First()}', which is not among its {nameof(Metrics)}.");
    }

    private async Task<Generation[]> AnswerAsync(EvaluationContext context, List<TItem> items, CancellationToken cancellationToken)
    {
        var answers = new Generation[items.Count];
        var missing = new List<int>();
        var prompts = new List<IReadOnlyList<ChatMessage>>();
        int done = 0;
        for (int i = 0; i < items.Count; i++)
        {
            IReadOnlyList<ChatMessage> prompt = CreatePrompt(items[i]);
            if (context.Store?.Find(GetItemId(items[i]), prompt) is { } stored)
            {
                answers[i] = stored;
                done++;
            }
            else
            {
                missing.Add(i);
                prompts.Add(prompt);
            }
        }

        context.Progress?.Invoke(done, items.Count);
        if (missing.Count > 0)
        {
            void Keep(int k, Generation generation)
            {
                answers[missing[k]] = generation;
                context.Store?.Add(GetItemId(items[missing[k]]), prompts[k], generation);
                context.Progress?.Invoke(Interlocked.Increment(ref done), items.Count);
            }

            GenerationOptions decoding = context.Generation.Temperature > 0
                ? context.Generation with { StreamIds = [.. missing.Select(i => StreamId(GetItemId(items[i])))] }
                : context.Generation;
            IReadOnlyList<Generation> all = await context.Model.GenerateAsync(prompts, decoding, Keep, cancellationToken).ConfigureAwait(false);
            for (int k = 0; k < missing.Count; k++)
            {
                // A generator that never calls back is slower to resume, not wrong.
                if (answers[missing[k]] is null)
                {
                    Keep(k, all[k]);
                }
            }
        }

        return answers;
    }

    // What an item draws must not depend on which other items are still to be answered.
    private static ulong StreamId(string itemId) => BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(itemId)));
}
