namespace SafeTuneBed.TaskAccuracy;

/// <summary>An answer is right when it equals the gold answer.</summary>
internal sealed class ExactRule(AnswerComparer comparer) : TaskRule
{
    private static readonly MetricDefinition Accuracy = Share(AccuracyName, "Share of evaluation rows answered right by the data set's own rule; empty and unreadable answers are wrong.");
    private static readonly MetricDefinition NoAnswer = DoubtfulShareOf(
        "no-answer", "answers that are empty or hold nothing to compare", "Share of evaluation rows whose answer is empty, or holds no label or number.");

    /// <inheritdoc/>
    public override IReadOnlyList<MetricDefinition> Metrics { get; } = [Accuracy, NoAnswer];

    /// <inheritdoc/>
    public override IEnumerable<SampleScore> Score(FinetuneExample example, string id, string answer)
    {
        AnswerVerdict verdict = comparer.Judge(example, answer);
        return [Accuracy.Score(verdict == AnswerVerdict.Right, verdict.ToString()), NoAnswer.Score(verdict == AnswerVerdict.Empty, verdict.ToString())];
    }
}
