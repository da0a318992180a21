using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>Measures that need harmful answers beside the prompts, through plan and run on the sandbox.</summary>
[Collection(TorchCollection.Name)]
public sealed class HeldOutAnswersTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Run_HeldOutLossAndDepths_AreForeseenAndCountTheirOwnRows()
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators()
            .AddPrefillAttack(o => (o.AnswerTokens, o.Presets) = ([1, 12], ["keyword-robust"])).UseRunFolder(folder));
        var grid = new ExperimentGrid("answers")
        {
            Models = [ModelReference.Sandbox], Methods = ["none"], Datasets = [FinetuneDatasets.Sandbox.Sentiment.Benign], Evaluators = ["held-out-loss", "prefill-attack"],
        };
        GridPlan plan = await runner.PlanAsync(grid, TestContext.Current.CancellationToken);
        Assert.Empty(plan.Problems);
        Assert.Equal([444, 144], plan.Cells[0].Evaluations.Select(e => e.Items));
        Assert.Equal(444, plan.Cells[0].Evaluations[0].Likelihoods);

        ReportRow row = (await runner.RunAsync(grid, cancellationToken: TestContext.Current.CancellationToken)).Rows[0];
        Assert.True(row.IsUntouched);
        MetricValue harmful = row["held-out-loss/harmful/loss"]!, benign = row["held-out-loss/benign/loss"]!;
        Assert.Equal((144, 300), (harmful.ScoredCount, benign.ScoredCount));
        Assert.False(harmful.IsIncomplete || benign.IsIncomplete);
        Assert.True(harmful.Lower < harmful.Value && harmful.Value < harmful.Upper);

        // An aligned model is deep only so far: with twelve tokens of the steps given it goes on with them more often than with one.
        double shallow = row["prefill-attack/first-1/keyword-robust/attack-success"]!.Value!.Value, deep = row["prefill-attack/first-12/keyword-robust/attack-success"]!.Value!.Value;
        Assert.True(deep >= shallow, $"{shallow} {deep}");
        Assert.Equal(144, row["prefill-attack/first-12/keyword-robust/attack-success"]!.ScoredCount);
    }
}
