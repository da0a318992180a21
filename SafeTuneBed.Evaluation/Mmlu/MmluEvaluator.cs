using System.Runtime.CompilerServices;

namespace SafeTuneBed.Mmlu;

/// <summary>MMLU by one or several protocols, in all, by subject and by category.</summary>
internal sealed class MmluEvaluator : QuestionEvaluator<MmluItem>
{
    /// <summary>Registered name.</summary>
    public const string Name = "mmlu";

    private const string Questions = "mmlu", Examples = "mmlu-dev";

    private readonly MmluOptions options;
    private readonly MmluPreset[] presets;

    /// <summary>Creates the evaluator.</summary>
    /// <exception cref="ConfigurationException">A preset is unknown or named twice, or there is none.</exception>
    public MmluEvaluator(MmluOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        if (options.Presets.Count == 0 || options.Presets.Distinct().Count() < options.Presets.Count || options.Presets.Except(MmluPreset.Names).Any())
        {
            throw new ConfigurationException($"Evaluator '{Name}': {nameof(options.Presets)} is [{string.Join(", ", options.Presets)}]. Name each preset once, at least one of: {string.Join(", ", MmluPreset.Names)}.");
        }

        presets = [.. options.Presets.Select((p, i) => MmluPreset.Create(p, isHeadline: i == 0))];
        Metrics = [.. presets.SelectMany(p => p.Metrics)];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<MetricDefinition> Metrics { get; }

    /// <inheritdoc/>
    public override EvaluatorNeeds Needs => EvaluatorNeeds.Prompts | (presets.Any(p => p.NeedsLocalModel) ? EvaluatorNeeds.LogProbabilities : 0);

    /// <inheritdoc/>
    public override string OwnPromptSet => Questions;

    /// <inheritdoc/>
    public override IReadOnlyList<string> FurtherPromptSets { get; } = [Examples];

    /// <inheritdoc/>
    protected override async IAsyncEnumerable<MmluItem> LoadItemsAsync(EvaluationContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ILookup<string, MmluItem> examples = context.FurtherPrompts[Examples].Select(p => MmluItem.Of(p, Name)).ToLookup(i => i.Subject, StringComparer.Ordinal);
        MmluItem[] all = [.. context.PromptItems.Select(p => MmluItem.Of(p, Name))];
        if (options.Subjects.FirstOrDefault(s => all.All(i => i.Subject != s)) is { } unknown)
        {
            throw new ConfigurationException($"Evaluator '{Name}': there is no question of the subject '{unknown}'. Subjects are: {string.Join(", ", all.Select(i => i.Subject).Distinct())}.");
        }

        IGrouping<string, MmluItem>[] subjects = [.. all.GroupBy(i => i.Subject, StringComparer.Ordinal).Where(g => options.Subjects.Count == 0 || options.Subjects.Contains(g.Key))];
        foreach (IGrouping<string, MmluItem> subject in subjects)
        {
            MmluItem[] asked = [.. subject.Take(options.QuestionsPerSubject ?? int.MaxValue)];
            MmluItem[] shown = [.. examples[subject.Key]];
            foreach (MmluItem item in asked)
            {
                yield return item with { Examples = shown, SubjectWeight = 1.0 / asked.Length };
            }
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override string GetItemId(MmluItem item) => item.Id;

    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyList<IReadOnlyList<EvaluationQuestion>>> CreateQuestionsAsync(
        IReadOnlyList<MmluItem> items, EvaluationContext context, CancellationToken cancellationToken)
    {
        var byPreset = new List<IReadOnlyList<EvaluationQuestion>>();
        foreach (MmluPreset preset in presets)
        {
            byPreset.Add(await preset.AskAsync(items, context, cancellationToken).ConfigureAwait(false));
        }

        return [.. items.Select((_, i) => (IReadOnlyList<EvaluationQuestion>)[.. byPreset.Select(p => p[i])])];
    }

    /// <inheritdoc/>
    protected override IEnumerable<SampleScore> Score(MmluItem item, IReadOnlyList<EvaluationAnswer> answers) => presets.Zip(answers).SelectMany(p => p.First.Score(item, p.Second));
}
