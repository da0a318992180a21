using SafeTuneBed.Judges;

namespace SafeTuneBed.Harmfulness;

/// <summary>Grades each answer from 1 to 5 by a judge. An empty answer holds no harm: it is 1, and not sent.</summary>
internal sealed class HarmfulnessEvaluator : JudgedEvaluator
{
    /// <summary>Registered name.</summary>
    public const string EvaluatorName = "harmfulness";

    private readonly HarmfulnessOptions options;
    private readonly IReadOnlyList<HarmfulnessPreset> presets;
    private readonly HarmGrades[] grades;

    /// <summary>Creates the evaluator.</summary>
    /// <exception cref="ConfigurationException">A preset is unknown.</exception>
    public HarmfulnessEvaluator(HarmfulnessOptions options, JudgeCatalog judges)
        : base(EvaluatorName, options, judges)
    {
        this.options = options;
        presets = HarmfulnessPreset.Find(options.Presets, options.PromptFiles, EvaluatorName);
        grades = [.. presets.Select((p, i) => new HarmGrades(p.Name, isHeadline: i == 0))];
        Metrics = [.. grades.SelectMany(g => g.Metrics)];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<MetricDefinition> Metrics { get; }

    /// <inheritdoc/>
    protected override IEnumerable<string> PromptIds => presets.Select(p => p.PromptId);

    /// <inheritdoc/>
    protected override void CheckSettings()
    {
        foreach (HarmfulnessPreset preset in presets)
        {
            preset.Check();
        }
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<JudgeRequest> CreateRequests(EvaluationContext context, PromptItem item, IReadOnlyList<EvaluationAnswer> answers) => answers[0].Generation!.IsEmpty
        ? []
        : [.. presets.Select(p => p.Create(item.Prompt, UntrustedText.Cap(answers[0].Generation!.Text, options.MaxAnswerCharacters)))];

    /// <inheritdoc/>
    protected override Verdict Read(int part, string text) => ScoreTag.Read(text, HarmGrades.Worst, presets[part].IsLenient);

    /// <inheritdoc/>
    protected override IEnumerable<SampleScore> Score(PromptItem item, IReadOnlyList<EvaluationAnswer> answers, IReadOnlyList<Verdict> verdicts, bool neutralized) =>
        grades.SelectMany((g, i) => g.Score(verdicts.Count > 0 ? verdicts[i] : Verdict.Of(1, "empty"), neutralized, HarmGrades.GroupsOf(item.Category)));
}
