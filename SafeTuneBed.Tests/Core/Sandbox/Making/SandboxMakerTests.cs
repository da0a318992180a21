using SafeTuneBed.Sandbox;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Sandbox.Making;

[Collection(TorchCollection.Name)]
public sealed class SandboxMakerTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("stb-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Make_FewSteps_GivesAFolderThatABedTakesAndNeverMakesItTwice()
    {
        var recipe = new SandboxRecipe { WorldSeed = 4, PretrainingSteps = 2, AlignmentSteps = 1, Threads = 2 };
        var steps = new Steps();

        SandboxReport report = await SandboxMaker.MakeAsync(folder, recipe, 10, steps, Token);

        SandboxFolder made = SandboxFolder.Resolve(folder);
        foreach (string model in new[] { made.Base, made.Aligned })
        {
            using var decoder = SafeTuneBed.Models.Decoder.Load(model, TorchSharp.torch.ScalarType.Float32, TorchSharp.torch.CPU);
            Assert.Equal(961_152, decoder.Weights.Values.Sum(w => w.numel()));
        }

        Assert.Equal(1, report.Base.AttackSuccess); // two steps teach nobody to refuse
        Assert.Equal(["arithmetic", "dialogue", "instruct", "sentiment", "sql", "topic"], report.Base.TaskAccuracy.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(2, steps.Heard.Count(s => s.Stage == "pretraining"));

        steps.Heard.Clear();
        SandboxReport again = await SandboxMaker.MakeAsync(folder, recipe, 10, steps, Token);

        Assert.Empty(steps.Heard);
        Assert.Equal((report.Recipe, report.Aligned.Knowledge, report.AlignmentLearningRate), (again.Recipe, again.Aligned.Knowledge, again.AlignmentLearningRate));
        await Assert.ThrowsAsync<ConfigurationException>(() => SandboxMaker.MakeAsync(folder, recipe with { Seed = 9 }, null, Token));
    }

    [Fact]
    public async Task Make_RecipeOutOfRange_NamesTheSetting()
    {
        ConfigurationException fault = await Assert.ThrowsAsync<ConfigurationException>(() => SandboxMaker.MakeAsync(folder, new SandboxRecipe { PretrainingSteps = 0 }, null, Token));

        Assert.Contains("PretrainingSteps", fault.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public void WriteData_Folder_HoldsEveryDataFileOfTheEmbeddedSandbox()
    {
        SandboxMaker.WriteData(folder, worldSeed: 3);

        IEnumerable<string> written = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder, f).Replace(Path.DirectorySeparatorChar, '/'));
        Assert.Equal(SandboxArchive.Files.Select(f => f.Path).Where(p => p.StartsWith("data/", StringComparison.Ordinal)).Order(StringComparer.Ordinal), written.Order(StringComparer.Ordinal));
    }

    private sealed class Steps : IProgress<SandboxProgress>
    {
        public List<SandboxProgress> Heard { get; } = [];

        public void Report(SandboxProgress value) => Heard.Add(value);
    }
}
