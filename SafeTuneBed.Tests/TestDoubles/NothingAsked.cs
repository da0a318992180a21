namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>A measure that asks nothing: for tests that are about training alone.</summary>
public sealed class NothingAsked : IEvaluator
{
    public IReadOnlyList<MetricDefinition> Metrics { get; } = [MetricDefinition.Proportion("rate", 1, Direction.Neutral)];

    public EvaluatorNeeds Needs => EvaluatorNeeds.None;

    public Task<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken) =>
        Task.FromResult(new EvaluationResult([Metrics[0].Score(true) with { ItemId = "one" }]));
}
