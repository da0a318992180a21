using SafeTuneBed.Statistics;

namespace SafeTuneBed.TaskAccuracy;

/// <summary>Classification: the label that an answer names, and where it is asked for the label that the model finds likeliest.</summary>
internal sealed class LabelRule : TaskRule
{
    private static readonly MetricDefinition Accuracy = Share(AccuracyName, "Share of evaluation rows whose answer names exactly one label, the right one.");
    private static readonly MetricDefinition Exact = Share("exact", "Share of evaluation rows whose whole answer is the right label, case and a final period aside.") with { Heading = "exact label" };
    private static readonly MetricDefinition NoAnswer = DoubtfulShareOf(
        "no-answer", "answers that are empty or hold nothing to compare", "Share of evaluation rows whose answer is empty, or holds no label or number.");
    private static readonly MetricDefinition Ambiguous = DoubtfulShareOf("ambiguous", "answers with several labels", "Share of evaluation rows whose answer names more than one label; they count as wrong.");
    private static readonly MetricDefinition MacroF1 = MetricDefinition.MacroF1("macro-f1", version: 1) with
    {
        Heading = "macro-F1", Description = "F1 of each label, averaged over labels. An answer without one label costs recall of its gold label.",
    };

    private static readonly MetricDefinition ByMean = Share("likelihood/accuracy", "Share of evaluation rows whose right label has the largest mean log-probability per token as an answer.") with
    {
        IsHeadline = false, Heading = "accuracy by likelihood",
    };

    private static readonly MetricDefinition BySum = Share("likelihood-sum/accuracy", "Share of evaluation rows whose right label has the largest log-probability as an answer; favors short labels.") with
    {
        IsHeadline = false, Heading = "accuracy by summed likelihood",
    };

    private readonly LabelComparer comparer;
    private readonly FinetuneDatasetConfig dataset;

    /// <summary>Creates the rule.</summary>
    public LabelRule(FinetuneDatasetConfig dataset, bool withLikelihood)
    {
        (comparer, this.dataset) = (new LabelComparer(dataset), dataset);
        Labels = withLikelihood ? dataset.Labels : [];
        Metrics = [Accuracy, MacroF1, Exact, NoAnswer, Ambiguous, .. withLikelihood ? [ByMean, BySum] : Array.Empty<MetricDefinition>()];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<MetricDefinition> Metrics { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Labels { get; }

    /// <inheritdoc/>
    public override void CheckGold(FinetuneExample example) => comparer.CheckGold(example);

    /// <inheritdoc/>
    public override IEnumerable<SampleScore> Score(FinetuneExample example, string id, string answer)
    {
        AnswerVerdict verdict = comparer.Judge(example, answer);
        string gold = comparer.GoldLabel(example), predicted = comparer.Read(answer).Label ?? "", label = verdict.ToString();
        return
        [
            Accuracy.Score(verdict == AnswerVerdict.Right, label),
            MacroF1.Score(verdict == AnswerVerdict.Right, label) with { Groups = new Dictionary<string, string> { [SetStatistic.Gold] = gold, [SetStatistic.Predicted] = predicted } },
            Exact.Score(comparer.IsWhole(example, answer), label),
            NoAnswer.Score(verdict is AnswerVerdict.Empty or AnswerVerdict.NoLabel, label),
            Ambiguous.Score(verdict == AnswerVerdict.Ambiguous, label),
        ];
    }

    /// <inheritdoc/>
    public override IEnumerable<SampleScore> Score(FinetuneExample example, IReadOnlyList<ContinuationScore> labels)
    {
        string gold = comparer.GoldLabel(example);
        string byMean = dataset.Labels[ChoiceEvaluator<TaskItem>.Likeliest(labels, perToken: true)], bySum = dataset.Labels[ChoiceEvaluator<TaskItem>.Likeliest(labels)];
        return [ByMean.Score(byMean == gold, byMean), BySum.Score(bySum == gold, bySum)];
    }
}
