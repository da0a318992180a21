using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Architecture;

/// <summary>
/// The length of what a reader of a defense opens. Counted are the lines of the algorithm's class, from its declaration to its closing brace, blank lines and braces
/// included; not counted are usings, the namespace, attributes and documentation comments (<c>///</c>).
/// </summary>
public sealed class MethodLinesTests
{
    private const int Columns = 120;

    private static readonly string Methods = Path.Combine(SharedFolder.Root, "SafeTuneBed.Methods");

    [Theory]
    [InlineData("SafeTuneBed.Methods/Lisa/LisaAlgorithm.cs", 60)]
    [InlineData("SafeTuneBed.Methods/Vaccine/VaccineAlgorithm.cs", 60)]
    [InlineData("SafeTuneBed.Methods/SafeLora/SafeLoraAlgorithm.cs", 100)]
    [InlineData("SafeTuneBed.Methods/Booster/BoosterAlgorithm.cs", 40)]
    [InlineData("SafeTuneBed.Methods/SafeGrad/SafeGradAlgorithm.cs", 40)]
    [InlineData("SafeTuneBed.Methods/ConstrainedSft/ConstrainedSftAlgorithm.cs", 40)]
    [InlineData("SafeTuneBed.Methods/Ptst/PtstAlgorithm.cs", 40)]
    [InlineData("SafeTuneBed.Methods/Bea/BeaAlgorithm.cs", 40)]
    [InlineData("SafeTuneBed.Methods/Antidote/AntidoteAlgorithm.cs", 40)]
    [InlineData("SafeTuneBed.Methods/Sppft/SppftAlgorithm.cs", 40)]
    [InlineData("samples/03-write-a-defense.cs", 40)]
    [InlineData("SafeTuneBed.Tests/TestDoubles/ThirdPartyDefense/DriftBrakeAlgorithm.cs", 40)]
    [InlineData("SafeTuneBed.Tests/TestDoubles/FeatureAnchorAlgorithm.cs", 40)]
    [InlineData("SafeTuneBed.Tests/TestDoubles/ProbedLayersAlgorithm.cs", 40)]
    [InlineData("SafeTuneBed.Tests/TestDoubles/DeepAlignmentAlgorithm.cs", 40)]
    public void Algorithm_Class_IsShort(string file, int most)
    {
        string path = Path.Combine(SharedFolder.Root, file);
        Assert.SkipUnless(File.Exists(path), $"{file} is not beside the tests.");
        string[] lines = File.ReadAllLines(path);
        int start = Array.FindIndex(lines, l => l.StartsWith("public sealed class ", StringComparison.Ordinal) && l.Contains("Algorithm : ", StringComparison.Ordinal));
        int end = Array.FindIndex(lines, start, l => l == "}");
        Assert.True(start >= 0 && end > start, $"{file} has no class that ends in Algorithm.");
        string[] counted = [.. lines[start..(end + 1)].Where(l => !l.TrimStart().StartsWith("///", StringComparison.Ordinal))];
        Assert.InRange(counted.Length, 3, most);
        Assert.DoesNotContain(counted, l => l.Length > 160); // tests and samples are wider than the package
    }

    [Fact]
    public void Methods_Lines_FitInto120Columns()
    {
        Assert.SkipUnless(Directory.Exists(Methods), $"The sources of SafeTuneBed.Methods are not beside the tests ({Methods}).");
        string[] wide = [.. LayeringTests.SourceFiles(Methods).SelectMany(f => File.ReadLines(f).Select((line, i) => (line, At: $"{Path.GetFileName(f)}:{i + 1}")))
            .Where(l => l.line.Length > Columns).Select(l => $"{l.At} has {l.line.Length} columns")];
        Assert.True(wide.Length == 0, string.Join("\n", wide));
    }
}
