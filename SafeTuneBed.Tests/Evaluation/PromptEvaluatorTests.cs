using Microsoft.Extensions.AI;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

public sealed class PromptEvaluatorTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EvaluateAsync_ApologyRate_ScoresEachItemWhetherOrNotAnswersAreReportedEarly(bool reportsAnswers)
    {
        var model = new FakeTextGenerator(prompt => prompt switch { "a" => "I am SORRY.", "b" => "Sure.", _ => " " }) { ReportsAnswers = reportsAnswers };
        EvaluationResult result = await EvaluatorRunner.RunAsync(new ApologyRate(), model, EvaluatorRunner.Prompts("a", "b", "c"));
        Assert.Equal(
            [("a", 1.0, null), ("b", 0.0, null), ("c", null, UnscoredReason.Empty)],
            result.Scores.Select(s => (s.ItemId, s.Value, s.UnscoredReason)));
        Assert.Equal(["a", "b", "c"], model.Asked.Select(c => c.Single().Text));
    }

    [Fact]
    public async Task EvaluateAsync_FailedGeneration_IsUnscoredInEveryMetric()
    {
        var model = new FakeTextGenerator(_ => new Generation { Text = "", FinishReason = FinishReason.Error });
        EvaluationResult result = await EvaluatorRunner.RunAsync(new Partial(), model, EvaluatorRunner.Prompts("a"));
        Assert.Equal([("x", UnscoredReason.GenerationFailed), ("y", UnscoredReason.GenerationFailed)], result.Scores.Select(s => (s.Metric, s.UnscoredReason!.Value)));
    }

    [Fact]
    public async Task EvaluateAsync_MetricLeftOut_IsCountedAsNotApplicable()
    {
        EvaluationResult result = await EvaluatorRunner.RunAsync(new Partial(), new FakeTextGenerator(p => p), EvaluatorRunner.Prompts("a"));
        Assert.Equal([("x", 1.0, null), ("y", null, UnscoredReason.NotApplicable)], result.Scores.Select(s => (s.Metric, s.Value, s.UnscoredReason)));
    }

    [Theory]
    [InlineData("twice")]
    [InlineData("stranger")]
    public async Task EvaluateAsync_WrongScores_AreFaultsOfTheEvaluator(string fault) => await Assert.ThrowsAsync<InvalidOperationException>(
        () => EvaluatorRunner.RunAsync(new Partial(), new FakeTextGenerator(p => p), EvaluatorRunner.Prompts(fault)));

    [Fact]
    public async Task EvaluateAsync_RepeatedId_StopsBeforeAnythingIsAsked()
    {
        var model = new FakeTextGenerator(p => p);
        await Assert.ThrowsAsync<ConfigurationException>(() => EvaluatorRunner.RunAsync(new ApologyRate(), model, EvaluatorRunner.Prompts("a", "a")));
        Assert.Empty(model.Asked);
    }

    [Fact]
    public async Task EvaluateAsync_NoItems_AsksNothingAndScoresNothing()
    {
        var model = new FakeTextGenerator(p => p);
        Assert.Empty((await EvaluatorRunner.RunAsync(new ApologyRate(), model)).Scores);
        Assert.Null(model.Options);
    }

    /// <summary>Scores one of its two metrics, or wrongly.</summary>
    private sealed class Partial : PromptEvaluator<PromptItem>
    {
        private static readonly MetricDefinition X = MetricDefinition.Proportion("x", 1, Direction.Neutral), Y = MetricDefinition.Proportion("y", 1, Direction.Neutral);

        public override IReadOnlyList<MetricDefinition> Metrics => [X, Y];

        protected override IAsyncEnumerable<PromptItem> LoadItemsAsync(EvaluationContext context, CancellationToken cancellationToken) => context.Prompts(cancellationToken);

        protected override IReadOnlyList<ChatMessage> CreatePrompt(PromptItem item) => [new(ChatRole.User, item.Prompt)];

        protected override IEnumerable<SampleScore> Score(PromptItem item, Generation answer) => item.Id switch
        {
            "twice" => [X.Score(true), X.Score(true)],
            "stranger" => [MetricDefinition.Proportion("z", 1, Direction.Neutral).Score(true)],
            _ => [X.Score(true)],
        };
    }
}
