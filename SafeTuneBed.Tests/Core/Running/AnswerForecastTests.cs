namespace SafeTuneBed.Tests.Core.Running;

/// <summary>The plan's number of answers is the number that the run then generates, whatever is shared or stored.</summary>
public sealed class AnswerForecastTests : IDisposable
{
    private static readonly ExperimentGrid Grid = FakeBed.Grid() with { Evaluators = ["word-rate", "task-rate", "second-rate"], Seeds = [0, 1] };

    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    private ExperimentRunner Runner(Action<WordOptions>? second = null) => bed.Runner(b => b.UseConcurrency(1).AddEvaluator<WordRate, WordOptions>("second-rate", o =>
    {
        o.Word = "yes";
        second?.Invoke(o);
    }));

    private static int Answers(GridPlan plan) => plan.Cells.SelectMany(c => c.Evaluations).Sum(e => e.Answers);

    [Fact]
    public async Task Plan_FreshGrid_CountsSharedQuestionsOnce()
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(Grid);

        // none asks once for both data sets; the second word measure asks what the first did
        Assert.Equal((1 + 4) * 15, Answers(plan));
        Assert.Equal([(10, PlannedWork.Run), (5, PlannedWork.Run), (0, PlannedWork.Score)], plan.Cells[0].Evaluations.Select(e => (e.Answers, e.Work)));
        Assert.All(plan.Cells[1].Evaluations, e => Assert.Equal((0, PlannedWork.Score), (e.Answers, e.Work)));
        Assert.Contains("75 answers;", plan.ToString(), StringComparison.Ordinal);

        await runner.RunAsync(Grid);
        Assert.Equal(Answers(plan), bed.Models.Generated.Count);
        Assert.Equal(0, Answers(await runner.PlanAsync(Grid)));
    }

    [Fact]
    public async Task Plan_OtherDecoding_SharesNothing()
    {
        await using ExperimentRunner runner = Runner(o => o.MaxNewTokens = 7);
        GridPlan plan = await runner.PlanAsync(Grid);
        Assert.Equal((1 + 4) * 25, Answers(plan));
        await runner.RunAsync(Grid);
        Assert.Equal(Answers(plan), bed.Models.Generated.Count);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(12)]
    [InlineData(40)]
    public async Task Plan_AfterACancelledRun_CountsWhatIsMissing(int answered)
    {
        using var stop = new CancellationTokenSource();
        int answers = 0;
        bed.Models.OnAnswer = _ =>
        {
            if (++answers == answered)
            {
                stop.Cancel();
            }
        };
        await using ExperimentRunner runner = Runner();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner.RunAsync(Grid, cancellationToken: stop.Token));
        bed.Models.Reset();

        GridPlan plan = await runner.PlanAsync(Grid);
        Assert.Equal(75 - answered, Answers(plan));
        await runner.RunAsync(Grid);
        Assert.Equal(Answers(plan), bed.Models.Generated.Count);
    }

    [Fact]
    public async Task Plan_MeasureAddedLater_FindsTheAnswersOfTheFirst()
    {
        await using ExperimentRunner runner = Runner();
        await runner.RunAsync(Grid with { Evaluators = ["second-rate"] });
        bed.Models.Reset();

        GridPlan plan = await runner.PlanAsync(Grid);
        Assert.Equal((1 + 4) * 5, Answers(plan));
        await runner.RunAsync(Grid);
        Assert.Equal(25, bed.Models.Generated.Count);
    }

    [Fact]
    public async Task ToString_PartlyAnswered_ShowsHowManyOfHowMany()
    {
        using var stop = new CancellationTokenSource();
        int answers = 0;
        bed.Models.OnAnswer = _ =>
        {
            if (++answers == 4)
            {
                stop.Cancel();
            }
        };
        await using ExperimentRunner runner = Runner();
        ExperimentGrid grid = Grid with { Methods = ["none"], Baseline = null, Datasets = ["task-high"] };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner.RunAsync(grid, cancellationToken: stop.Token));

        Assert.Matches(@"sandbox +none +task-high .* 6 of 10 run +5 run +10 score", (await runner.PlanAsync(grid)).ToString());
    }
}
