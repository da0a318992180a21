using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Conformance;

/// <summary>The outsider's project stays an outsider's. That it builds against the packages and runs is a stage of <c>.ci/run</c>.</summary>
public sealed class ThirdPartyTests
{
    private static readonly string Folder = Path.Combine(SharedFolder.Root, "SafeTuneBed.Tests", "TestDoubles", "ThirdPartyDefense");

    [Fact]
    public void ThirdPartyDefense_Class_IsAtMostFortyLines() =>
        Assert.InRange(File.ReadLines(Path.Combine(Folder, "DriftBrakeAlgorithm.cs")).Count(), 1, 40);

    [Fact]
    public void ThirdPartyDefense_Project_KnowsThePackagesAlone()
    {
        string project = File.ReadAllText(Path.Combine(Folder, "ThirdPartyDefense.csproj"));
        Assert.DoesNotContain("ProjectReference", project, StringComparison.Ordinal);
        Assert.Contains("PackageReference Include=\"SafeTuneBed.Methods\"", project, StringComparison.Ordinal);
        Assert.DoesNotContain("ThirdPartyDefense", File.ReadAllText(Path.Combine(SharedFolder.Root, "SafeTuneBed.sln")), StringComparison.Ordinal);
        foreach (string library in new[] { "SafeTuneBed.Core", "SafeTuneBed.Methods", "SafeTuneBed.Evaluation" })
        {
            Assert.DoesNotContain("ThirdParty", File.ReadAllText(Path.Combine(SharedFolder.Root, library, library + ".csproj")), StringComparison.Ordinal);
        }
    }
}
