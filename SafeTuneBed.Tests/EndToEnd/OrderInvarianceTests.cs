using SafeTuneBed.AttackSuccess;
using SafeTuneBed.Perplexity;
using SafeTuneBed.Statistics;
using SafeTuneBed.TaskAccuracy;
using SafeTuneBed.Tests.Core.Data;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>Neither the order of the items nor how many are decoded together changes a number.</summary>
[Collection(TorchCollection.Name)]
public sealed class OrderInvarianceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Metrics_PermutedItemsAndOtherBatches_AreIdentical()
    {
        await using LocalModel model = await LocalModel.OpenAsync("sandbox", cancellationToken: Token);
        PromptItem[] prompts = [.. (await Bed.Catalog().LoadPromptsAsync(PromptSets.Sandbox, Token)).Take(48)];
        FinetuneDatasetConfig dataset = FinetuneDatasets.Sandbox.Sentiment.Benign;
        FinetuneExample[] examples = [.. (await Bed.Catalog().LoadEvaluationAsync(dataset, Token)).Take(40)];
        string[]? first = null;
        foreach ((int batch, bool reversed) in new[] { (32, false), (1, false), (7, true), (32, true) })
        {
            var numbers = new List<string>();
            foreach (IEvaluator evaluator in new IEvaluator[] { new AttackSuccessEvaluator(new()), new TaskAccuracyEvaluator(), new PerplexityEvaluator(new()) })
            {
                EvaluationResult result = await evaluator.EvaluateAsync(
                    new EvaluationContext
                    {
                        EvaluatorName = "e", Model = model, Dataset = dataset, PromptItems = reversed ? [.. prompts.Reverse()] : prompts,
                        EvaluationItems = reversed ? [.. examples.Reverse()] : examples, Generation = new GenerationOptions { MaxNewTokens = 24, BatchSize = batch },
                    },
                    Token);
                foreach (MetricDefinition metric in evaluator.MetricsOf(dataset))
                {
                    MetricValue value = new MetricAggregator().Aggregate($"e/{metric.Name}", metric, [.. result.Scores.Where(s => s.Metric == metric.Name)]);
                    numbers.Add(FormattableString.Invariant($"{value.Key} {value.Value:R} [{value.Lower:R}, {value.Upper:R}] {value.Count} {value.UnscoredCount}"));
                }
            }

            first ??= [.. numbers];
            Assert.Equal(first, numbers);
        }
    }

    [Fact]
    public async Task Plan_SandboxJudgeOnAnotherModel_IsAProblemBeforeAnythingIsLoaded()
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators().UseRunFolder(Path.Combine(Path.GetTempPath(), "safetunebed-never-written")));
        GridPlan plan = await runner.PlanAsync(
            new ExperimentGrid("world")
            {
                Models = [ModelReference.Folder(SharedFolder.Require("golden", "e2e_llama3_chat"))], Methods = ["none"], Datasets = [FinetuneDatasets.Sandbox.Sentiment.Benign], Evaluators = ["sandbox-judge@sandbox"],
            },
            Token);
        Assert.Contains(plan.Problems, p => p.Contains("its vocabulary is another", StringComparison.Ordinal));
        Assert.False(plan.CanRun);
    }
}
