using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Architecture;

/// <summary>Rules that keep the house livable.</summary>
public sealed class HouseTests
{
    private static readonly string[] Libraries = ["SafeTuneBed.Core", "SafeTuneBed.Methods", "SafeTuneBed.Evaluation"];

    [Fact]
    public void Libraries_Files_AreShort() =>
        Assert.DoesNotContain(Files(), f => File.ReadLines(f).Count() > 400);

    [Fact]
    public void Libraries_Folders_AreAtMostTwoDeepAndNamedByWhatTheyHold()
    {
        foreach (string file in Files())
        {
            string[] parts = Path.GetRelativePath(SharedFolder.Root, file).Split(Path.DirectorySeparatorChar)[1..^1];
            Assert.True(parts.Length <= 2, file);
            Assert.DoesNotContain(parts, p => p is "Utils" or "Common" or "Helpers" or "Misc");
        }
    }

    [Fact]
    public void Libraries_Code_NeitherPrintsNorReadsAmbientTimeOrChance()
    {
        string[] banned = ["Console.Write", "DateTime.Now", "DateTime.UtcNow", "Random.Shared", "new Random(", "Thread.Sleep", "torch.manual_seed", "random.manual_seed"];
        string[] faults = [.. Files().SelectMany(f => banned.Where(b => File.ReadAllText(f).Contains(b, StringComparison.Ordinal)).Select(b => $"{f}: {b}"))];
        Assert.True(faults.Length == 0, string.Join("\n", faults));
    }

    [Fact]
    public void Methods_EachFolder_HasItsAlgorithmAndItsVerb()
    {
        foreach (string folder in Directory.EnumerateDirectories(Path.Combine(SharedFolder.Root, "SafeTuneBed.Methods")).Where(d => Path.GetFileName(d) is not ("bin" or "obj")))
        {
            string name = Path.GetFileName(folder);
            Assert.True(File.Exists(Path.Combine(folder, name + "Algorithm.cs")), folder);
            Assert.True(File.Exists(Path.Combine(folder, name + "BuilderExtensions.cs")), folder);
        }
    }

    private static IEnumerable<string> Files() => Libraries.SelectMany(l => LayeringTests.SourceFiles(Path.Combine(SharedFolder.Root, l)));
}
