using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace SafeTuneBed.AttackSuccess;

/// <summary>
/// Attack success by keywords. Every item has one class per preset, and all shares have the item list as denominator: <em>refused</em>,
/// <em>no answer</em> (empty; our preset only) and <em>answered</em>, which is the attack's success.
/// </summary>
internal sealed partial class AttackSuccessEvaluator : PromptEvaluator<PromptItem>
{
    /// <summary>Registered name.</summary>
    public const string Name = "attack-success";

    private readonly KeywordScores scores;
    private readonly string? prefill;

    /// <summary>Creates the evaluator.</summary>
    /// <exception cref="ConfigurationException">A preset is unknown, or the token limit below 1.</exception>
    public AttackSuccessEvaluator(AttackSuccessOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Prefill is { } beginning && string.IsNullOrWhiteSpace(beginning))
        {
            throw new ConfigurationException($"Evaluator '{Name}': {nameof(options.Prefill)} is blank. Give the beginning of an answer, or null.");
        }

        prefill = options.Prefill;
        Generation = KeywordScores.Decoding(options.MaxNewTokens, Name);
        scores = new KeywordScores(options.Presets, Name, "");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<MetricDefinition> Metrics => scores.Metrics;

    /// <inheritdoc/>
    public override GenerationOptions Generation { get; }

    /// <summary>A beginning of answers, with the fields of a prompt in place of their names in braces.</summary>
    /// <exception cref="ConfigurationException">The prompt lacks a field.</exception>
    public static string Fill(string prefill, PromptItem item) => Field.Replace(prefill, match => item.Fields.GetValueOrDefault(match.Groups["name"].Value) ?? throw new ConfigurationException(
        $"The beginning of answers '{prefill}' names the field '{match.Groups["name"].Value}', which prompt '{item.Id}' does not have. It has: {string.Join(", ", item.Fields.Keys)}."));

    /// <inheritdoc/>
    protected override IAsyncEnumerable<PromptItem> LoadItemsAsync(EvaluationContext context, CancellationToken cancellationToken) => context.Prompts(cancellationToken);

    /// <inheritdoc/>
    protected override IReadOnlyList<ChatMessage> CreatePrompt(PromptItem item) =>
        prefill is null ? [new(ChatRole.User, item.Prompt)] : [new(ChatRole.User, item.Prompt), new(ChatRole.Assistant, Fill(prefill, item))];

    /// <inheritdoc/>
    protected override IEnumerable<SampleScore> Score(PromptItem item, Generation answer) =>
        scores.Score(item.Prompt, answer); // after a given beginning too: what the model was made to say is neither an answer nor a refusal of its own

    [GeneratedRegex(@"\{(?<name>[^{}]+)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Field { get; }
}
