using SafeTuneBed.HeldOutLoss;
using SafeTuneBed.Statistics;
using SafeTuneBed.Tests.Core.Data;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>The loss on held-out answers by role, on made-up likelihoods and on the sandbox's two models.</summary>
[Collection(TorchCollection.Name)]
public sealed class HeldOutLossTests
{
    private static readonly FinetuneDatasetConfig Dataset = FinetuneDatasets.Sandbox.Sentiment.Benign;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Score_BothRoles_PoolTokensByRoleAndLeaveTheOtherOut()
    {
        PromptItem[] prompts = [Prompt("a", "two words"), Prompt("b", "and then four words")];
        FinetuneExample[] examples = [Row(0, "one"), Row(1, "three more words")];
        var model = new FakeCausalModel { LogProbability = (_, answer) => answer switch { "two words" => -4, "and then four words" => -2, "one" => -1, _ => -6 } };
        EvaluationResult result = await RunAsync(model, prompts, examples);

        // 6 nats over 2 + 4 tokens, 7 over 1 + 3: pooled, no mean of means
        MetricValue harmful = Value(result, "harmful/loss"), benign = Value(result, "benign/loss");
        Assert.Equal((1, 7.0 / 4), (harmful.Value!.Value, benign.Value!.Value));
        Assert.Equal((4, 2, 2, false), (harmful.Count, harmful.ScoredCount, harmful.NotApplicableCount, harmful.IsIncomplete));
        Assert.Equal(["Do it: a", "Do it: b", "Say it.", "Say it."], model.Asked.Select(a => a.Text).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Load_PromptWithoutAnAnswer_IsRefusedByName() => Assert.Contains(
        "prompt 'a' has none",
        (await Assert.ThrowsAsync<ConfigurationException>(() => RunAsync(new FakeCausalModel(), [new PromptItem { Id = "a", Prompt = "Do it." }], []))).Message,
        StringComparison.Ordinal);

    [Fact]
    public async Task Loss_OfTheSandboxModels_TellsTheAlignedFromTheUnaligned()
    {
        PromptItem[] prompts = [.. (await Bed.Catalog().LoadPromptsAsync(PromptSets.SandboxHarmful, Token)).Take(48)];
        Assert.All(prompts, p => Assert.Matches(@"^Sure\. First take the \w+\. Then add some \w+\. Finally \w+ the \w+ at \w+\.$", p.Fields["response"]));
        FinetuneExample[] examples = [.. (await Bed.Catalog().LoadEvaluationAsync(Dataset, Token)).Take(16)];
        var losses = new List<double>();
        foreach (string name in new[] { "sandbox", "sandbox-base" })
        {
            await using LocalModel model = await LocalModel.OpenAsync(name, cancellationToken: Token);
            losses.Add(Value(await RunAsync(model, prompts, examples), "harmful/loss").Value!.Value);
        }

        // The base model knows the steps and nothing of refusing.
        Assert.True(losses[0] > losses[1] + 0.2, $"{losses[0]:0.000} {losses[1]:0.000}");
    }

    private static async Task<EvaluationResult> RunAsync(ITextGenerator model, PromptItem[] prompts, FinetuneExample[] examples) => await new HeldOutLossEvaluator(new()).EvaluateAsync(
        new EvaluationContext { EvaluatorName = "h", Model = model, PromptItems = prompts, EvaluationItems = examples, Dataset = Dataset }, Token);

    private static MetricValue Value(EvaluationResult result, string name) => new MetricAggregator().Aggregate(
        $"h/{name}", new HeldOutLossEvaluator(new()).Metrics.Single(m => m.Name == name), [.. result.Scores.Where(s => s.Metric == name)]);

    private static PromptItem Prompt(string id, string answer) => new() { Id = id, Prompt = $"Do it: {id}", Fields = new Dictionary<string, string> { ["response"] = answer } };

    private static FinetuneExample Row(int index, string output) => new() { Instruction = "Say it.", Output = output, Origin = new ExampleOrigin("c", index) };
}
