using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace SafeTuneBed.TaskAccuracy;

/// <summary>One row of the evaluation split, with what decides about an answer to it.</summary>
internal sealed record TaskItem(FinetuneExample Example, InputPlacement Placement, AnswerComparer Comparer);

/// <summary>
/// The share of right answers on the data set's evaluation split, by the data set's own rule. A wrong, empty or unreadable answer is wrong; only a failed
/// generation has no score.
/// </summary>
internal sealed class TaskAccuracyEvaluator : PromptEvaluator<TaskItem>
{
    /// <summary>Registered name.</summary>
    public const string Name = "task-accuracy";

    private static readonly MetricDefinition Accuracy = MetricDefinition.Proportion("accuracy", version: 1, Direction.HigherIsBetter) with
        {
            IsHeadline = true,
            Description = "Share of evaluation rows answered right by the data set's own rule; empty and unreadable answers are wrong.",
        };

    private static readonly MetricDefinition NoAnswer =
        MetricDefinition.Proportion("no-answer", version: 1, Direction.LowerIsBetter) with
        {
            Heading = "answers that are empty or hold nothing to compare",
            Description = "Share of evaluation rows whose answer is empty, or holds no label or number.",
            WarnAbove = 0.1,
        };

    /// <inheritdoc/>
    public override IReadOnlyList<MetricDefinition> Metrics { get; } = [Accuracy, NoAnswer];

    /// <inheritdoc/>
    public override EvaluatorNeeds Needs => EvaluatorNeeds.EvaluationSplit;

    /// <inheritdoc/>
    protected override async IAsyncEnumerable<TaskItem> LoadItemsAsync(EvaluationContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        FinetuneDatasetConfig dataset = context.Dataset ?? throw new ConfigurationException(
            $"Evaluator '{context.EvaluatorName}' measures the task that a model was trained on, and needs a data set with an evaluation split.");
        var comparer = AnswerComparer.Create(dataset);
        await foreach (FinetuneExample example in context.EvaluationItems.ToAsyncEnumerable().WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            comparer.CheckGold(example);
            yield return new TaskItem(example, dataset.InputPlacement, comparer);
        }
    }

    /// <inheritdoc/>
    protected override string GetItemId(TaskItem item) => string.Create(CultureInfo.InvariantCulture, $"{item.Example.Origin.Corpus}#{item.Example.Origin.Index}");

    /// <summary>Asks as training did.</summary>
    protected override IReadOnlyList<ChatMessage> CreatePrompt(TaskItem item) => item.Example.ToConversation(item.Placement);

    /// <inheritdoc/>
    protected override IEnumerable<SampleScore> Score(TaskItem item, Generation answer)
    {
        AnswerVerdict verdict = item.Comparer.Judge(item.Example, answer.Text);
        string label = verdict.ToString();
        return [Accuracy.Score(verdict == AnswerVerdict.Right, label), NoAnswer.Score(verdict is AnswerVerdict.Empty or AnswerVerdict.NoLabel or AnswerVerdict.NoNumber, label)];
    }
}
