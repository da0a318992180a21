using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.AI;

namespace SafeTuneBed.Tests.Core.Running;

public sealed class FakeOptions : MethodOptions
{
    [Range(0, 100)] public double Rho { get; set; } = 1;

    public int Period { get; set; } = 5;
}

public sealed class FakeMethod : MethodAlgorithm<FakeOptions>;

public sealed class FakeAlignmentOptions : AlignmentOptions
{
    public FakeAlignmentOptions() => (Training.Epochs, Training.BatchSize, Lora.Rank) = (3, 4, 16);

    [Range(0, 100)] public double Radius { get; set; } = 2;
}

/// <summary>An alignment stage.</summary>
public sealed class FakeAlignment : MethodAlgorithm<FakeAlignmentOptions>
{
    public override MethodStage Stage => MethodStage.Alignment;
}

public sealed class OtherMethod : MethodAlgorithm;

public sealed class UntrainedMethod : MethodAlgorithm
{
    public override bool Trains => false;
}

public sealed class WordOptions
{
    [Required] public string Word { get; set; } = "sorry";

    [Range(1, 1000)] public int MaxNewTokens { get; set; } = 100;
}

/// <summary>Share of answers with a word.</summary>
public sealed class WordRate(WordOptions options) : PromptEvaluator<PromptItem>, IEvaluator
{
    private static readonly MetricDefinition Rate = MetricDefinition.Proportion("rate", 1, Direction.LowerIsBetter);

    public override IReadOnlyList<MetricDefinition> Metrics => [Rate];

    GenerationOptions IEvaluator.Generation => new() { MaxNewTokens = options.MaxNewTokens };

    protected override IAsyncEnumerable<PromptItem> LoadItemsAsync(EvaluationContext context, CancellationToken cancellationToken) => context.Prompts(cancellationToken);

    protected override IReadOnlyList<ChatMessage> CreatePrompt(PromptItem item) => [new(ChatRole.User, item.Prompt)];

    protected override IEnumerable<SampleScore> Score(PromptItem item, Generation answer) => [Rate.Score(answer.Text.Contains(options.Word, StringComparison.OrdinalIgnoreCase))];
}

/// <summary>Share of task answers that begin like the gold answer.</summary>
public sealed class TaskRate : PromptEvaluator<FinetuneExample>
{
    private static readonly MetricDefinition Rate = MetricDefinition.Proportion("rate", 1, Direction.HigherIsBetter);

    public override EvaluatorNeeds Needs => EvaluatorNeeds.EvaluationSplit;

    public override IReadOnlyList<MetricDefinition> Metrics => [Rate];

    protected override IAsyncEnumerable<FinetuneExample> LoadItemsAsync(EvaluationContext context, CancellationToken cancellationToken) => context.EvaluationItems.ToAsyncEnumerable();

    protected override IReadOnlyList<ChatMessage> CreatePrompt(FinetuneExample item) => [new(ChatRole.User, item.Instruction)];

    protected override IEnumerable<SampleScore> Score(FinetuneExample item, Generation answer) => [Rate.Score(answer.Text.StartsWith(item.Output, StringComparison.Ordinal))];
}

/// <summary>Means and differences without any statistics.</summary>
internal sealed class PlainAggregator : IMetricAggregator
{
    public MetricValue Aggregate(string key, MetricDefinition definition, IReadOnlyList<SampleScore> scores) =>
        new() { Key = key, Count = scores.Count, Value = scores.Count == 0 ? null : scores.Average(s => s.Value) };

    public MetricValue Pool(string key, MetricDefinition definition, IReadOnlyList<IReadOnlyList<SampleScore>> scoresBySeed) =>
        Aggregate(key, definition, [.. scoresBySeed.SelectMany(s => s)]) with { Seeds = scoresBySeed.Count, SeedValues = [.. scoresBySeed.Select(s => s.Average(x => x.Value))] };

    public PairedComparison Compare(MetricDefinition definition, IReadOnlyList<IReadOnlyList<SampleScore>> baseline, IReadOnlyList<IReadOnlyList<SampleScore>> candidate)
    {
        Assert.Equal(baseline.Select(s => string.Join(',', s.Select(x => x.ItemId))), candidate.Select(s => string.Join(',', s.Select(x => x.ItemId))));
        return new PairedComparison
        {
            Difference = candidate.SelectMany(s => s).Average(s => s.Value) - baseline.SelectMany(s => s).Average(s => s.Value),
            Pairs = baseline.Sum(s => s.Count),
            PValue = 0.5,
        };
    }

    public IReadOnlyList<PairedComparison> Adjust(IReadOnlyList<PairedComparison> family) => [.. family.Select(f => f with { AdjustedPValue = f.PValue * family.Count })];
}
