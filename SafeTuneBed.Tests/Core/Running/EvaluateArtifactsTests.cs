namespace SafeTuneBed.Tests.Core.Running;

public sealed class EvaluateArtifactsTests : IDisposable
{
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task Evaluate_AdapterOfAGrid_GivesTheGridsNumbers()
    {
        await using ExperimentRunner runner = bed.Runner();
        GridReport grid = await runner.RunAsync(FakeBed.Grid() with { Datasets = ["task-high"], Seeds = [0] });
        string trained = Path.Combine(Path.GetDirectoryName(bed.Files("run.json").Single(f => f.Contains("lora", StringComparison.Ordinal)))!, "artifact");
        string elsewhere = Path.Combine(bed.Folder, "elsewhere", "my adapter");
        Directory.CreateDirectory(elsewhere);
        File.Copy(Path.Combine(trained, "weights.txt"), Path.Combine(elsewhere, "weights.txt"));
        bed.Models.Reset();

        ArtifactReference[] artifacts =
        [
            ArtifactReference.Untouched(ModelReference.Sandbox) with { Dataset = "task-high" },
            ArtifactReference.Adapter(elsewhere + "/", ModelReference.Sandbox) with { Dataset = "task-high" },
        ];
        GridReport report = await runner.EvaluateAsync(artifacts, ["word-rate", "task-rate"], baseline: "none");

        Assert.Equal(["none", "my adapter"], report.Rows.Select(r => r.Method));
        Assert.Equal(grid.Rows.SelectMany(r => r.Metrics).Select(m => m.Value), report.Rows.SelectMany(r => r.Metrics).Select(m => m.Value));
        Assert.Equal(10, report.Rows[1].VersusBaseline["word-rate/rate"].Pairs);
        Assert.Empty(bed.Models.Trained);
        Assert.Equal(30, bed.Models.Generated.Count);
        bed.Models.Reset();
        int workers = bed.Models.Workers;

        await runner.EvaluateAsync(artifacts, ["word-rate", "task-rate"], baseline: "none");
        Assert.Empty(bed.Models.Generated);
        Assert.Equal(workers, bed.Models.Workers);

        File.WriteAllText(Path.Combine(elsewhere, "weights.txt"), "others");
        File.WriteAllText(Path.Combine(elsewhere, "README.md"), "beside the adapter");
        GridReport changed = await runner.EvaluateAsync(artifacts, ["word-rate", "task-rate"]);
        Assert.Equal(15, bed.Models.Generated.Count);
        Assert.Equal(0, bed.Models.LiveArtifacts); // those that the runner loaded are freed
        Assert.Equal(report.Rows[0].Metrics.Select(m => m.Value), changed.Rows[0].Metrics.Select(m => m.Value));
    }

    [Fact]
    public async Task Evaluate_FaultyRequest_IsRefusedWithEveryFault()
    {
        await using ExperimentRunner runner = bed.Runner();
        ArtifactReference untouched = ArtifactReference.Untouched(ModelReference.Sandbox);

        string message = (await Assert.ThrowsAsync<ConfigurationException>(() => runner.EvaluateAsync(
            [untouched, untouched, untouched with { Name = "x", Dataset = "task-hig" }], ["task-rate", "wrd-rate"], baseline: "y"))).Message;

        Assert.Contains("the artifact 'none on sandbox' twice", message, StringComparison.Ordinal);
        Assert.Contains("There is no data set 'task-hig'. Did you mean 'task-high'?", message, StringComparison.Ordinal);
        Assert.Contains("an artifact names no data set", message, StringComparison.Ordinal);
        Assert.Contains("There is no evaluator 'wrd-rate'", message, StringComparison.Ordinal);
        Assert.Contains("The baseline 'y' is not among the artifacts", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_FolderWithoutAdapter_IsATypedFault()
    {
        await using ExperimentRunner runner = bed.Runner();
        await Assert.ThrowsAsync<ModelFormatException>(() => runner.EvaluateAsync([ArtifactReference.Adapter(bed.Folder, ModelReference.Sandbox)], ["word-rate"]));
    }
}
