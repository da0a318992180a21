namespace SafeTuneBed.TaskAccuracy;

/// <summary>How the answers of one task become numbers. The first number is the headline.</summary>
internal abstract class TaskRule
{
    /// <summary>Name of the headline of most tasks.</summary>
    protected const string AccuracyName = "accuracy";

    // Above a tenth such answers can decide a comparison.
    private const double DoubtfulShare = 0.1;

    /// <summary>The numbers.</summary>
    public abstract IReadOnlyList<MetricDefinition> Metrics { get; }

    /// <summary>The labels whose log-probabilities are asked for as well; empty where none are.</summary>
    public virtual IReadOnlyList<string> Labels => [];

    /// <summary>The rule of a data set.</summary>
    /// <exception cref="ConfigurationException">The data set lacks what the rule needs.</exception>
    public static TaskRule Create(FinetuneDatasetConfig dataset, TaskAccuracyOptions options) => dataset.Answer switch
    {
        AnswerRule.Exact => new ExactRule(new TextComparer(withoutOpener: false)),
        AnswerRule.ExactWithoutOpener => new ExactRule(new TextComparer(withoutOpener: true)),
        AnswerRule.Label => new LabelRule(dataset, options.LabelLikelihood),
        AnswerRule.FinalNumber => new NumberRule(dataset),
        AnswerRule.Summary => new SummaryRule(options.StemWords),
        AnswerRule.Query => new QueryRule(dataset),
        _ => throw new ConfigurationException($"Data set '{dataset.Name}': {dataset.Answer} is not a rule for comparing answers."),
    };

    /// <summary>Checks a row's gold answer before anything is generated.</summary>
    /// <exception cref="ConfigurationException">The gold answer can't be used.</exception>
    public virtual void CheckGold(FinetuneExample example)
    {
    }

    /// <summary>The scores of an answer, which may be empty.</summary>
    /// <param name="example">The row.</param>
    /// <param name="id">Its id.</param>
    /// <param name="answer">The text.</param>
    public abstract IEnumerable<SampleScore> Score(FinetuneExample example, string id, string answer);

    /// <summary>The scores of the labels' log-probabilities, in the order of <see cref="Labels"/>.</summary>
    public virtual IEnumerable<SampleScore> Score(FinetuneExample example, IReadOnlyList<ContinuationScore> labels) => [];

    protected static MetricDefinition Share(string name, string description) =>
        MetricDefinition.Proportion(name, version: 1, Direction.HigherIsBetter) with { IsHeadline = name == AccuracyName, Description = description };

    protected static MetricDefinition DoubtfulShareOf(string name, string heading, string description) =>
        MetricDefinition.Proportion(name, version: 1, Direction.LowerIsBetter) with { Heading = heading, Description = description, WarnAbove = DoubtfulShare };
}
