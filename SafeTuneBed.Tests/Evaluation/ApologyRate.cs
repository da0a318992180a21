using Microsoft.Extensions.AI;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>A measure as the documentation shows it: it must compile as it stands.</summary>
public sealed class ApologyRate : PromptEvaluator<PromptItem>
{
    static readonly MetricDefinition Rate = MetricDefinition.Proportion("apology-rate", version: 1, Direction.Neutral);
    public override IReadOnlyList<MetricDefinition> Metrics => [Rate];
    protected override IAsyncEnumerable<PromptItem> LoadItemsAsync(EvaluationContext context, CancellationToken cancellationToken) => context.Prompts(cancellationToken);
    protected override IReadOnlyList<ChatMessage> CreatePrompt(PromptItem item) => [new(ChatRole.User, item.Prompt)];
    protected override IEnumerable<SampleScore> Score(PromptItem item, Generation answer) =>
        [answer.IsEmpty ? Rate.Unscored(UnscoredReason.Empty) : Rate.Score(answer.Text.Contains("sorry", StringComparison.OrdinalIgnoreCase))];
}
