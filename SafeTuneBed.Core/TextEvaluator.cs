namespace SafeTuneBed;

/// <summary>
/// A measure of how likely given texts are to the model, such as perplexity or the loss on answers. Nothing is generated. Only local models can be asked.
/// </summary>
public abstract class TextEvaluator<TItem> : QuestionEvaluator<TItem>
{
    /// <inheritdoc/>
    public override EvaluatorNeeds Needs => EvaluatorNeeds.Prompts | EvaluatorNeeds.LogProbabilities;

    /// <summary>
    /// The text of an item and what stands before it: <see cref="EvaluationQuestion.ChooseAfter"/> with an empty text for a whole document,
    /// <see cref="EvaluationQuestion.Choose"/> for the answer to a conversation. One continuation.
    /// </summary>
    protected abstract EvaluationQuestion CreateText(TItem item);

    /// <summary>The scores of one item, at most one per metric. Not called where the log-probability is not finite: such an item is unscored.</summary>
    /// <param name="item">The item.</param>
    /// <param name="likelihood">The log-probability of the text, with the number of its tokens.</param>
    protected abstract IEnumerable<SampleScore> Score(TItem item, ContinuationScore likelihood);

    /// <inheritdoc/>
    protected sealed override ValueTask<IReadOnlyList<IReadOnlyList<EvaluationQuestion>>> CreateQuestionsAsync(
        IReadOnlyList<TItem> items, EvaluationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(items);
        return new([.. items.Select(i => (IReadOnlyList<EvaluationQuestion>)[CreateText(i)])]);
    }

    /// <inheritdoc/>
    protected sealed override IEnumerable<SampleScore> Score(TItem item, IReadOnlyList<EvaluationAnswer> answers)
    {
        ArgumentNullException.ThrowIfNull(answers);
        return answers[0].IsFailed ? Metrics.Select(m => m.Unscored(UnscoredReason.GenerationFailed)) : Score(item, answers[0].Likelihoods[0]);
    }
}
