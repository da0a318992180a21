using Microsoft.Extensions.AI;
using SafeTuneBed.Judges;

namespace SafeTuneBed.MtBench;

/// <summary>
/// MT-Bench: the model answers two turns, the second knowing its own first answer; the judge rates each. An empty answer is shown to the judge as such. A question whose
/// verdict is missing for one turn has no overall rating.
/// </summary>
internal sealed class MtBenchEvaluator : JudgedEvaluator
{
    /// <summary>Registered name.</summary>
    public const string EvaluatorName = "mt-bench";

    private const string SecondTurn = "turn2", NoAnswer = "(no answer)", QuestionId = "question_id", ReferencesSet = "mt-bench-references", PromptsSet = "mt-bench-prompts";
    private const int ReferenceTokens = 512;

    // FastChat's; every other category is greedy.
    private static readonly Dictionary<string, double> Temperatures = new(StringComparer.OrdinalIgnoreCase)
    {
        ["writing"] = 0.7, ["roleplay"] = 0.7, ["stem"] = 0.1, ["humanities"] = 0.1,
    };

    private static readonly HashSet<string> Referenced = new(StringComparer.OrdinalIgnoreCase) { "math", "reasoning", "coding" };

    private readonly MtBenchOptions options;
    private readonly MetricDefinition mean;
    private readonly MetricDefinition[] turns;

    /// <summary>Creates the evaluator.</summary>
    /// <exception cref="ConfigurationException">The preset is unknown.</exception>
    public MtBenchEvaluator(MtBenchOptions options, JudgeCatalog judges)
        : base(EvaluatorName, options, judges)
    {
        this.options = options;
        Check(options);
        string references = IsReference || options.References == MtBenchReferences.Original ? "" : $"-{(MtBenchReferences.IsFile(options.References) ? "corrected" : options.References)}";
        string variant = $"{options.Preset}{references}";
        mean = Define($"{variant}/mean", "MT-Bench, 1 to 10") with { IsHeadline = true, Description = "Mean rating over questions, each the mean of its turns, by a judge. Judges use different scales: compare within one judge." };
        turns = IsReference ? [] : [Define($"{variant}/turn1", "MT-Bench, first turn"), Define($"{variant}/turn2", "MT-Bench, second turn")];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<MetricDefinition> Metrics => [mean, .. turns];

    /// <inheritdoc/>
    public override string? OwnPromptSet => "mt-bench";

    /// <inheritdoc/>
    public override IReadOnlyList<string> FurtherPromptSets =>
    [
        .. IsReference || options.References == MtBenchReferences.None ? Array.Empty<string>() : [ReferencesSet],
        .. options.Preset == MtBenchPrompts.FastChat ? [PromptsSet] : Array.Empty<string>(),
    ];

    /// <inheritdoc/>
    public override GenerationOptions Generation => new() { MaxNewTokens = IsReference ? Math.Min(ReferenceTokens, options.MaxNewTokens) : options.MaxNewTokens };

    /// <inheritdoc/>
    protected override IEnumerable<string> PromptIds => [MtBenchPrompts.IdOf(options.Preset), options.References];

    private bool IsReference => options.Preset == MtBenchPrompts.Reference;

    /// <summary>Looks whether settings are known.</summary>
    /// <exception cref="ConfigurationException">They are not.</exception>
    public static void Check(MtBenchOptions options)
    {
        if (options.Preset is not (MtBenchPrompts.Single or MtBenchPrompts.FastChat or MtBenchPrompts.Reference))
        {
            throw new ConfigurationException($"Evaluator '{EvaluatorName}': there is no preset '{options.Preset}'. Known: {MtBenchPrompts.Single}, {MtBenchPrompts.FastChat}, {MtBenchPrompts.Reference}.");
        }
    }

    /// <inheritdoc/>
    public override async ValueTask CheckItemsAsync(EvaluationContext context, CancellationToken cancellationToken)
    {
        await base.CheckItemsAsync(context, cancellationToken).ConfigureAwait(false);
        _ = ReferencesOf(context);
        if (options.Preset == MtBenchPrompts.FastChat)
        {
            MtBenchPrompts.CheckFastChat(context.FurtherPrompts[PromptsSet]);
        }

        if (context.PromptItems.FirstOrDefault(i => !i.Fields.ContainsKey(SecondTurn)) is { } single)
        {
            throw new ConfigurationException($"Evaluator '{EvaluatorName}': the item '{single.Id}' has no second turn (field {SecondTurn}). Ask the prompt set mt-bench, or one with that field.");
        }
    }

    /// <inheritdoc/>
    protected override ValueTask<IReadOnlyList<IReadOnlyList<EvaluationQuestion>>> CreateQuestionsAsync(
        IReadOnlyList<PromptItem> items, EvaluationContext context, CancellationToken cancellationToken) =>
        new([.. items.Select(i => (IReadOnlyList<EvaluationQuestion>)[Ask(i, Opening(i))])]);

    /// <inheritdoc/>
    protected override IReadOnlyList<IReadOnlyList<EvaluationQuestion>> CreateFollowUps(IReadOnlyList<PromptItem> items, IReadOnlyList<IReadOnlyList<EvaluationAnswer>> answers) =>
        [.. items.Zip(answers, (item, given) => (IReadOnlyList<EvaluationQuestion>)(given.Count != 1 || given[0].IsFailed
            ? []
            : [Ask(item, [.. Opening(item), new(ChatRole.Assistant, given[0].Generation!.Text), new(ChatRole.User, item.Fields[SecondTurn])])]))];

    /// <inheritdoc/>
    protected override IReadOnlyList<JudgeRequest> CreateRequests(EvaluationContext context, PromptItem item, IReadOnlyList<EvaluationAnswer> answers)
    {
        string[] texts = [.. answers.Select(a => a.Generation!.IsEmpty ? NoAnswer : UntrustedText.Cap(a.Generation.Text, options.MaxAnswerCharacters))];
        string id = item.Fields.GetValueOrDefault(QuestionId) ?? item.Id;
        var rated = new RatedTurns([item.Prompt, item.Fields[SecondTurn]], texts, !IsReference && Referenced.Contains(item.Category ?? "") ? ReferencesOf(context).Find(id, texts.Length) : null);
        IReadOnlyList<PromptItem> templates = context.FurtherPrompts.GetValueOrDefault(PromptsSet) ?? [];
        return [.. Enumerable.Range(0, IsReference ? 1 : texts.Length).Select(turn => MtBenchPrompts.Create(options.Preset, rated, turn, templates))];
    }

    /// <inheritdoc/>
    protected override Verdict Read(int part, string text) => IsReference ? Rating.ReadTenths(text) : Rating.Read(text, options.FirstRating);

    /// <inheritdoc/>
    protected override IEnumerable<SampleScore> Score(PromptItem item, IReadOnlyList<EvaluationAnswer> answers, IReadOnlyList<Verdict> verdicts, bool neutralized)
    {
        Verdict? missing = verdicts.FirstOrDefault(v => v.Value is null);
        SampleScore overall = missing is null ? mean.Score(verdicts.Average(v => v.Value!.Value)) : mean.Unscored(missing.Reason!.Value, missing.Label);
        return turns.Select((t, i) => verdicts[i].Value is { } value ? t.Score(value, verdicts[i].Label) : t.Unscored(verdicts[i].Reason!.Value, verdicts[i].Label))
            .Prepend(overall).Select(s => s with { Groups = HarmGrades.GroupsOf(item.Category) });
    }

    private static MetricDefinition Define(string name, string heading) => MetricDefinition.Mean(name, version: 1, Direction.HigherIsBetter, 1, 10) with { Heading = heading };

    private MtBenchReferences ReferencesOf(EvaluationContext context) => MtBenchReferences.Load(options.References, context.FurtherPrompts.GetValueOrDefault(ReferencesSet) ?? []);

    private ChatMessage[] Opening(PromptItem item) => IsReference
        ? [new(ChatRole.System, "You are a helpful assistant."), new(ChatRole.User, item.Prompt)]
        : [new(ChatRole.User, item.Prompt)];

    private EvaluationQuestion Ask(PromptItem item, IReadOnlyList<ChatMessage> conversation)
    {
        double temperature = IsReference || options.IsGreedy ? 0 : Temperatures.GetValueOrDefault(item.Category ?? "");
        return temperature > 0 ? EvaluationQuestion.Ask(conversation) with { Temperature = temperature } : EvaluationQuestion.Ask(conversation);
    }
}
