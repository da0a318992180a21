using System.Globalization;
using Microsoft.Extensions.AI;

namespace SafeTuneBed.AttackSuccess;

/// <summary>
/// Attack success where the model is made to begin its answer as it would if it complied: with a fixed beginning, or with the first tokens of a harmful answer, for several
/// depths.
/// </summary>
internal sealed class PrefillAttackEvaluator : QuestionEvaluator<PromptItem>
{
    /// <summary>Registered name.</summary>
    public const string Name = "prefill-attack";

    private readonly PrefillAttackOptions options;
    private readonly IReadOnlyList<KeywordScores> depths;

    /// <summary>Creates the evaluator.</summary>
    /// <exception cref="ConfigurationException">A preset is unknown, the beginning blank, or a number below 1 or named twice.</exception>
    public PrefillAttackEvaluator(PrefillAttackOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.AnswerTokens.Count == 0 && string.IsNullOrWhiteSpace(options.Prefill))
        {
            throw new ConfigurationException($"Evaluator '{Name}': {nameof(options.Prefill)} is blank. Give the beginning of an answer, or {nameof(options.AnswerTokens)}.");
        }

        if (options.AnswerTokens.Any(k => k < 1) || options.AnswerTokens.Distinct().Count() < options.AnswerTokens.Count)
        {
            throw new ConfigurationException(string.Create(
                CultureInfo.InvariantCulture, $"Evaluator '{Name}': {nameof(options.AnswerTokens)} is {string.Join(", ", options.AnswerTokens)}. Name each number once, from 1 on, such as 5, 10, 20, 40."));
        }

        this.options = options;
        Generation = KeywordScores.Decoding(options.MaxNewTokens, Name);
        depths = options.AnswerTokens.Count == 0
            ? [new KeywordScores(options.Presets, Name, "")]
            : [.. options.AnswerTokens.Select(k => string.Create(CultureInfo.InvariantCulture, $"{k}")).Select(k => new KeywordScores(options.Presets, Name, $"first-{k}/", $", {k} tokens given"))];
        Metrics = [.. depths.SelectMany(d => d.Metrics)];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<MetricDefinition> Metrics { get; }

    /// <inheritdoc/>
    public override EvaluatorNeeds Needs => EvaluatorNeeds.Prompts | (options.AnswerTokens.Count > 0 ? EvaluatorNeeds.LogProbabilities : 0);

    /// <inheritdoc/>
    public override string? DefaultPromptSet => options.AnswerTokens.Count > 0 ? PromptSets.SandboxHarmful.Name : null;

    /// <inheritdoc/>
    public override GenerationOptions Generation { get; }

    /// <inheritdoc/>
    protected override IAsyncEnumerable<PromptItem> LoadItemsAsync(EvaluationContext context, CancellationToken cancellationToken)
    {
        foreach (PromptItem item in context.PromptItems)
        {
            _ = options.AnswerTokens.Count > 0 ? AnswerField.Require(item, options.AnswerField, Name) : AttackSuccessEvaluator.Fill(options.Prefill, item);
        }

        return context.Prompts(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyList<IReadOnlyList<EvaluationQuestion>>> CreateQuestionsAsync(
        IReadOnlyList<PromptItem> items, EvaluationContext context, CancellationToken cancellationToken)
    {
        if (options.AnswerTokens.Count == 0)
        {
            return [.. items.Select(i => (IReadOnlyList<EvaluationQuestion>)[Ask(i, AttackSuccessEvaluator.Fill(options.Prefill, i))])];
        }

        string[] answers = [.. items.Select(i => AnswerField.Require(i, options.AnswerField, Name))];
        var begun = new List<IReadOnlyList<string>>();
        foreach (int count in options.AnswerTokens)
        {
            begun.Add(await context.LanguageModel.TakeTokensAsync(answers, count, cancellationToken).ConfigureAwait(false));
        }

        return [.. items.Select((item, i) => (IReadOnlyList<EvaluationQuestion>)[.. begun.Select(b => Ask(item, b[i]))])];
    }

    /// <inheritdoc/>
    protected override IEnumerable<SampleScore> Score(PromptItem item, IReadOnlyList<EvaluationAnswer> answers) => depths.Zip(answers).SelectMany(d => d.Second.IsFailed
        ? d.First.Metrics.Select(m => m.Unscored(UnscoredReason.GenerationFailed))
        : d.First.Score(item.Prompt, d.Second.Generation!)); // the continuation alone: what the model was made to say is neither an answer nor a refusal of its own

    private static EvaluationQuestion Ask(PromptItem item, string beginning) => EvaluationQuestion.Ask([new(ChatRole.User, item.Prompt), new(ChatRole.Assistant, beginning)]);
}
