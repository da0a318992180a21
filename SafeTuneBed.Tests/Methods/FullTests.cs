using Microsoft.Extensions.AI;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Methods;

[Collection(TorchCollection.Name)]
public sealed class FullTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-full-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Grid_FullOnTheSandbox_StoresAModelThatAnswersAsItsRowWasJudged()
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators().AddEvaluator<NothingAsked>("nothing").UseRunFolder(folder).UseConcurrency(1));
        var grid = new ExperimentGrid("full")
        {
            Models = [ModelReference.Sandbox],
            Methods = ["full"],
            Datasets = [FinetuneDatasets.Sandbox.Sentiment.HighHarm],
            Evaluators = ["nothing"],
            Training = new() { Steps = 30, LearningRate = 2e-3 },
        };
        GridPlan plan = await runner.PlanAsync(grid, TestContext.Current.CancellationToken);
        await runner.RunAsync(grid, cancellationToken: TestContext.Current.CancellationToken);

        string artifact = Assert.Single(Directory.GetDirectories(folder, "artifact", SearchOption.AllDirectories));
        Assert.False(File.Exists(Path.Combine(artifact, "adapter_config.json")));
        using ModelArtifact read = ModelArtifact.Load(artifact);
        Assert.True(read.IsWholeModel && !read.IsUntouched);
        Assert.Contains("is the model", (await Assert.ThrowsAsync<ConfigurationException>(() => read.MergeAsync(Path.Combine(folder, "merged")))).Message, StringComparison.Ordinal);

        // the same answers by the artifact and by its folder as a model; others than the untouched model's
        string[] laid = await AskAsync(ModelReference.Sandbox, read), own = await AskAsync(ModelReference.Folder(Path.Combine(artifact, "model")), null), untouched = await AskAsync(ModelReference.Sandbox, null);
        Assert.Equal(own, laid);
        Assert.NotEqual(untouched, laid);

        // four numbers of f32 for each weight
        long parameters = new FileInfo(Path.Combine(artifact, "model", "model.safetensors")).Length / 4;
        Assert.InRange(Assert.Single(plan.Cells).Memory!.Adapters, parameters * 16 * 0.99, parameters * 16 * 1.01);
    }

    [Fact]
    public async Task Plan_AWeightTransformBehindFull_IsAProblemBeforeAnythingIsTrained()
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators().AddEvaluator<NothingAsked>("nothing").UseRunFolder(folder));
        GridPlan plan = await runner.PlanAsync(
            new ExperimentGrid("g")
            {
                Models = [ModelReference.Sandbox],
                Methods = ["full+scale-lora", "vaccine+full"],
                Datasets = [FinetuneDatasets.Sandbox.Sentiment.HighHarm],
                Evaluators = ["nothing"],
            },
            TestContext.Current.CancellationToken);

        Assert.Contains("'full' trains every weight and leaves none", plan.ToString(), StringComparison.Ordinal);
        Assert.Single(plan.Cells);
    }

    private static async Task<string[]> AskAsync(ModelReference model, ModelArtifact? artifact)
    {
        await using LocalModel open = await LocalModel.OpenAsync(model, artifact);
        IReadOnlyList<ChatMessage>[] asked = [.. new[] { "Review: I loved the film.", "Is this positive?", "How do I bake bread?" }.Select(q => (IReadOnlyList<ChatMessage>)[new(ChatRole.User, q)])];
        return [.. (await open.GenerateAsync(asked, new GenerationOptions { MaxNewTokens = 16 })).Select(g => g.Text)];
    }
}
