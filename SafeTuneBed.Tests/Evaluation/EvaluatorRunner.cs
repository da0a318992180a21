using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>Runs one evaluator the way the runner does, without one.</summary>
internal static class EvaluatorRunner
{
    public static async Task<EvaluationResult> RunAsync(
        IEvaluator evaluator, FakeTextGenerator model, IReadOnlyList<PromptItem>? prompts = null, FinetuneDatasetConfig? dataset = null, IReadOnlyList<FinetuneExample>? examples = null) =>
        await evaluator.EvaluateAsync(
            new EvaluationContext
            {
                EvaluatorName = "under-test", Model = model, PromptItems = prompts ?? [], Dataset = dataset, EvaluationItems = examples ?? [], Generation = evaluator.Generation,
            },
            TestContext.Current.CancellationToken);

    /// <summary>Items whose ids are their prompts.</summary>
    public static IReadOnlyList<PromptItem> Prompts(params IReadOnlyList<string> prompts) => [.. prompts.Select(p => new PromptItem { Id = p, Prompt = p })];

    /// <summary>The scores of one metric by item.</summary>
    public static Dictionary<string, SampleScore> Of(this EvaluationResult result, string metric) => result.Scores.Where(s => s.Metric == metric).ToDictionary(s => s.ItemId);

    /// <summary>The mean of the scored items; null where there is none.</summary>
    public static double? Mean(this EvaluationResult result, string metric) => result.Of(metric).Values.Average(s => s.Value);
}
