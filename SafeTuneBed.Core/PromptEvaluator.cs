using Microsoft.Extensions.AI;

namespace SafeTuneBed;

/// <summary>
/// A measure that asks the model one thing per item and judges the answer. Subclasses say what the items are, how an item becomes a
/// conversation, and how an answer is scored; batching, storage, resuming and counting are done by the base.
/// </summary>
public abstract class PromptEvaluator<TItem> : QuestionEvaluator<TItem>
{
    /// <summary>The conversation that asks about an item.</summary>
    protected abstract IReadOnlyList<ChatMessage> CreatePrompt(TItem item);

    /// <summary>
    /// The scores of one answer, at most one per metric; several metrics may score the same answer. Called also for empty answers, never for
    /// failed ones. A metric left out is recorded as <see cref="UnscoredReason.NotApplicable"/>, so that every metric counts every item.
    /// </summary>
    protected abstract IEnumerable<SampleScore> Score(TItem item, Generation answer);

    /// <inheritdoc/>
    protected sealed override ValueTask<IReadOnlyList<IReadOnlyList<EvaluationQuestion>>> CreateQuestionsAsync(
        IReadOnlyList<TItem> items, EvaluationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(items);
        return new([.. items.Select(i => (IReadOnlyList<EvaluationQuestion>)[EvaluationQuestion.Ask(CreatePrompt(i))])]);
    }

    /// <inheritdoc/>
    protected sealed override IEnumerable<SampleScore> Score(TItem item, IReadOnlyList<EvaluationAnswer> answers)
    {
        ArgumentNullException.ThrowIfNull(answers);
        return answers[0].IsFailed ? Metrics.Select(m => m.Unscored(UnscoredReason.GenerationFailed)) : Score(item, answers[0].Generation!);
    }
}
