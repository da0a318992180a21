using SafeTuneBed.Running;

namespace SafeTuneBed;

/// <summary>
/// A measure that asks the model any number of things per item and judges them together. <see cref="PromptEvaluator{TItem}"/>,
/// <see cref="ChoiceEvaluator{TItem}"/> and <see cref="TextEvaluator{TItem}"/> are this with one question of one kind. Batching, storage, resuming and counting are
/// done here.
/// </summary>
public abstract class QuestionEvaluator<TItem> : IEvaluator, IForeseeable
{
    /// <inheritdoc/>
    public abstract IReadOnlyList<MetricDefinition> Metrics { get; }

    /// <inheritdoc/>
    public virtual IReadOnlyList<MetricDefinition> MetricsOf(FinetuneDatasetConfig? dataset) => Metrics;

    /// <inheritdoc/>
    public virtual EvaluatorNeeds Needs => EvaluatorNeeds.Prompts;

    /// <inheritdoc/>
    public virtual string? DefaultPromptSet => null;

    /// <inheritdoc/>
    public virtual string? OwnPromptSet => null;

    /// <inheritdoc/>
    public virtual IReadOnlyList<string> FurtherPromptSets => [];

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

    /// <summary>What is asked about each item, in the order of the items. May look at the model, whose tokens decide how long a prompt is.</summary>
    protected abstract ValueTask<IReadOnlyList<IReadOnlyList<EvaluationQuestion>>> CreateQuestionsAsync(
        IReadOnlyList<TItem> items, EvaluationContext context, CancellationToken cancellationToken);

    /// <summary>
    /// The scores of one item, at most one per metric; several metrics may score the same answer. Called also for empty and failed answers. A metric left out is
    /// recorded as <see cref="UnscoredReason.NotApplicable"/>, so that every metric counts every item.
    /// </summary>
    /// <param name="item">The item.</param>
    /// <param name="answers">What came back, in the order of the questions.</param>
    protected abstract IEnumerable<SampleScore> Score(TItem item, IReadOnlyList<EvaluationAnswer> answers);

    /// <summary>
    /// What is asked next about each item, when answers are needed to ask it, such as the second turn of a conversation; called again until it asks nothing. Default: nothing.
    /// </summary>
    /// <param name="items">The items.</param>
    /// <param name="answers">What came back so far, item by item.</param>
    /// <returns>Further questions, in the order of the items; an empty list ends the asking.</returns>
    protected virtual IReadOnlyList<IReadOnlyList<EvaluationQuestion>> CreateFollowUps(IReadOnlyList<TItem> items, IReadOnlyList<IReadOnlyList<EvaluationAnswer>> answers) => [];

    /// <summary>The scores of all items, in their order. Default: <see cref="Score"/> of each. A measure that asks a judge overrides it.</summary>
    protected virtual Task<IReadOnlyList<IEnumerable<SampleScore>>> ScoreAllAsync(
        IReadOnlyList<TItem> items, IReadOnlyList<IReadOnlyList<EvaluationAnswer>> answers, EvaluationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(items);
        return Task.FromResult<IReadOnlyList<IEnumerable<SampleScore>>>([.. items.Zip(answers, Score)]);
    }

    /// <inheritdoc/>
    public virtual string? Scorer => null;

    /// <inheritdoc/>
    public virtual IReadOnlyList<JudgeEstimate> EstimateJudging(EvaluationContext context) => [];

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
    async Task<Foreseen> IForeseeable.ForeseeAsync(EvaluationContext context, CancellationToken cancellationToken)
    {
        int? count = null;
        try
        {
            List<TItem> items = await LoadAsync(context, cancellationToken).ConfigureAwait(false);
            count = items.Count;
            IReadOnlyList<IReadOnlyList<EvaluationQuestion>> questions = await CreateQuestionsAsync(items, context, cancellationToken).ConfigureAwait(false);
            var all = items.Zip(questions).SelectMany(p => p.Second.Select(q => (Question: new Question(GetItemId(p.First), QuestionHash.Of(q)), IsChoice: q.Continuations is not null))).ToLookup(q => q.IsChoice, q => q.Question);
            return new Foreseen(count, [.. all[false]], [.. all[true]]);
        }
        catch (ModelNotLoadedException)
        {
            return new Foreseen(count, null, null);
        }
    }

    /// <inheritdoc/>
    public async Task<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        List<TItem> items = await LoadAsync(context, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<IReadOnlyList<EvaluationQuestion>> questions = await CreateQuestionsAsync(items, context, cancellationToken).ConfigureAwait(false);
        if (questions.Count != items.Count)
        {
            throw new InvalidOperationException($"{GetType().Name} made questions for {questions.Count} of {items.Count} items.");
        }

        string[] ids = [.. items.Select(GetItemId)];
        IReadOnlyList<IReadOnlyList<EvaluationAnswer>> answers = await new Interview(context).AskAsync(ids, questions, cancellationToken).ConfigureAwait(false);
        answers = await FollowUpAsync(items, ids, answers, context, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<IEnumerable<SampleScore>> given = await ScoreAllAsync(items, answers, context, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<MetricDefinition> metrics = MetricsOf(context.Dataset);
        var scores = new List<SampleScore>();
        for (int i = 0; i < items.Count; i++)
        {
            scores.AddRange(Complete(metrics, given[i]).Select(s => s with { ItemId = ids[i] }));
        }

        return new EvaluationResult(scores);
    }

    private async Task<IReadOnlyList<IReadOnlyList<EvaluationAnswer>>> FollowUpAsync(
        List<TItem> items, string[] ids, IReadOnlyList<IReadOnlyList<EvaluationAnswer>> answers, EvaluationContext context, CancellationToken cancellationToken)
    {
        while (CreateFollowUps(items, answers) is { Count: > 0 } next && next.Any(n => n.Count > 0))
        {
            IReadOnlyList<IReadOnlyList<EvaluationAnswer>> more = await new Interview(context).AskAsync(ids, next, cancellationToken).ConfigureAwait(false);
            answers = [.. answers.Zip(more, (a, m) => (IReadOnlyList<EvaluationAnswer>)[.. a, .. m])];
        }

        return answers;
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

    /// <summary>One score per metric, in the order of the metrics: the denominator of every metric is the item list.</summary>
    private List<SampleScore> Complete(IReadOnlyList<MetricDefinition> metrics, IEnumerable<SampleScore> given)
    {
        var byMetric = new Dictionary<string, SampleScore>(StringComparer.Ordinal);
        foreach (SampleScore score in given)
        {
            if (!byMetric.TryAdd(score.Metric, score))
            {
                throw new InvalidOperationException($"{GetType().Name} scored one answer twice by the metric '{score.Metric}'.");
            }
        }

        List<SampleScore> complete = [.. metrics.Select(m => byMetric.Remove(m.Name, out SampleScore? score) ? score : m.Unscored(UnscoredReason.NotApplicable))];
        return byMetric.Count == 0
            ? complete
            : throw new InvalidOperationException($"{GetType().Name} gave a score of '{byMetric.Keys.First()}', which is not among its {nameof(Metrics)}.");
    }
}
