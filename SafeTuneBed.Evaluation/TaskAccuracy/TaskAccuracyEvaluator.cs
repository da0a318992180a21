using System.Globalization;
using System.Runtime.CompilerServices;

namespace SafeTuneBed.TaskAccuracy;

/// <summary>One row of the evaluation split, with what decides about an answer to it.</summary>
internal sealed record TaskItem(FinetuneExample Example, InputPlacement Placement, TaskRule Rule);

/// <summary>
/// How well the data set's evaluation split is answered, by the data set's own rule. A wrong, empty or unreadable answer is wrong; only a failed generation has no score.
/// </summary>
internal sealed class TaskAccuracyEvaluator(TaskAccuracyOptions? options = null) : QuestionEvaluator<TaskItem>
{
    /// <summary>Registered name.</summary>
    public const string Name = "task-accuracy";

    private readonly TaskAccuracyOptions options = options ?? new TaskAccuracyOptions();

    /// <inheritdoc/>
    public override IReadOnlyList<MetricDefinition> Metrics { get; } = new ExactRule(new TextComparer(withoutOpener: false)).Metrics;

    /// <inheritdoc/>
    public override EvaluatorNeeds Needs => EvaluatorNeeds.EvaluationSplit | (options.LabelLikelihood ? EvaluatorNeeds.LogProbabilities : 0);

    /// <inheritdoc/>
    public override IReadOnlyList<MetricDefinition> MetricsOf(FinetuneDatasetConfig? dataset) => dataset is null || (dataset.Answer == AnswerRule.Label && dataset.Labels.Count == 0)
        ? Metrics
        : TaskRule.Create(dataset, options).Metrics;

    /// <inheritdoc/>
    protected override async IAsyncEnumerable<TaskItem> LoadItemsAsync(EvaluationContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        FinetuneDatasetConfig dataset = context.Dataset ?? throw new ConfigurationException(
            $"Evaluator '{context.EvaluatorName}' measures the task that a model was trained on, and needs a data set with an evaluation split.");
        var rule = TaskRule.Create(dataset, options);
        await foreach (FinetuneExample example in context.EvaluationItems.ToAsyncEnumerable().WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            rule.CheckGold(example);
            yield return new TaskItem(example, dataset.InputPlacement, rule);
        }
    }

    /// <inheritdoc/>
    protected override string GetItemId(TaskItem item) => string.Create(CultureInfo.InvariantCulture, $"{item.Example.Origin.Corpus}#{item.Example.Origin.Index}");

    /// <summary>Asks as training did.</summary>
    protected override ValueTask<IReadOnlyList<IReadOnlyList<EvaluationQuestion>>> CreateQuestionsAsync(
        IReadOnlyList<TaskItem> items, EvaluationContext context, CancellationToken cancellationToken) => new([.. items.Select(Ask)]);

    /// <inheritdoc/>
    protected override IEnumerable<SampleScore> Score(TaskItem item, IReadOnlyList<EvaluationAnswer> answers)
    {
        var scores = new List<SampleScore>();
        foreach (EvaluationAnswer answer in answers.Where(a => !a.IsFailed))
        {
            scores.AddRange(answer.Generation is { } generation ? item.Rule.Score(item.Example, GetItemId(item), generation.Text) : item.Rule.Score(item.Example, answer.Likelihoods));
        }

        HashSet<string> scored = [.. scores.Select(s => s.Metric)];
        return [.. scores, .. item.Rule.Metrics.Where(m => !scored.Contains(m.Name)).Select(m => m.Unscored(UnscoredReason.GenerationFailed))];
    }

    private static IReadOnlyList<EvaluationQuestion> Ask(TaskItem item)
    {
        IReadOnlyList<Microsoft.Extensions.AI.ChatMessage> prompt = item.Example.ToConversation(item.Placement);
        return item.Rule.Labels.Count == 0 ? [EvaluationQuestion.Ask(prompt)] : [EvaluationQuestion.Ask(prompt), EvaluationQuestion.Choose(prompt, item.Rule.Labels)];
    }
}
