namespace SafeTuneBed;

/// <summary>
/// A measure that lets the model choose among given answers by their log-probabilities: nothing is generated, so nothing has to be read out of an answer. Items that
/// begin alike share their beginning, and all options of an item are computed in one pass. Only local models can be asked.
/// </summary>
public abstract class ChoiceEvaluator<TItem> : QuestionEvaluator<TItem>
{
    /// <inheritdoc/>
    public override EvaluatorNeeds Needs => EvaluatorNeeds.Prompts | EvaluatorNeeds.LogProbabilities;

    /// <summary>
    /// Context and options of an item: <see cref="EvaluationQuestion.Choose"/> for a conversation, <see cref="EvaluationQuestion.ChooseAfter"/> for a plain text.
    /// </summary>
    protected abstract EvaluationQuestion CreateChoice(TItem item);

    /// <summary>The scores of one item, at most one per metric. Not called where a log-probability is not finite: such an item is unscored.</summary>
    /// <param name="item">The item.</param>
    /// <param name="options">The log-probability of each option, in order.</param>
    protected abstract IEnumerable<SampleScore> Score(TItem item, IReadOnlyList<ContinuationScore> options);

    /// <summary>The place of the likeliest option; of equals the first.</summary>
    /// <param name="options">The log-probability of each option.</param>
    /// <param name="perToken">Whether the mean over an option's tokens counts in place of the sum, so that long options have no disadvantage.</param>
    public static int Likeliest(IReadOnlyList<ContinuationScore> options, bool perToken = false)
    {
        ArgumentNullException.ThrowIfNull(options);
        double[] values = [.. options.Select(o => perToken ? o.LogProbability / Math.Max(1, o.TokenCount) : o.LogProbability)];
        return Array.IndexOf(values, values.Max());
    }

    /// <inheritdoc/>
    protected sealed override ValueTask<IReadOnlyList<IReadOnlyList<EvaluationQuestion>>> CreateQuestionsAsync(
        IReadOnlyList<TItem> items, EvaluationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(items);
        return new([.. items.Select(i => (IReadOnlyList<EvaluationQuestion>)[CreateChoice(i)])]);
    }

    /// <inheritdoc/>
    protected sealed override IEnumerable<SampleScore> Score(TItem item, IReadOnlyList<EvaluationAnswer> answers)
    {
        ArgumentNullException.ThrowIfNull(answers);
        return answers[0].IsFailed ? Metrics.Select(m => m.Unscored(UnscoredReason.GenerationFailed)) : Score(item, answers[0].Likelihoods);
    }
}
