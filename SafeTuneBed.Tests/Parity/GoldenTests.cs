using SafeTuneBed.Tests.TestDoubles;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>
/// Compares the product with reference results. Any folder of fixtures can be checked: <c>SAFETUNEBED_GOLDEN=folder dotnet test</c>.
/// </summary>
[Collection(TorchCollection.Name)]
public sealed class GoldenTests(ParityReport report, ITestOutputHelper output) : IClassFixture<ParityReport>
{
    private const string Variable = "SAFETUNEBED_GOLDEN";

    private static string Root { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder
        ? Path.GetFullPath(folder, SharedFolder.Root)
        : Path.Combine(SharedFolder.Root, "SafeTuneBed.Tests", "Parity", "golden");

    /// <summary>A case per fixture and check; fixtures that can't be checked are skipped with their reason.</summary>
    public static IEnumerable<TheoryDataRow<string, string>> Cases()
    {
        if (!Directory.Exists(Root))
        {
            yield return new TheoryDataRow<string, string>(Root, "folder");
            yield break;
        }

        foreach (string folder in Folders())
        {
            string name = Path.GetRelativePath(Root, folder).Replace('\\', '/');
            if (TryRead(folder) is not { } fixture)
            {
                yield return new TheoryDataRow<string, string>(name, "readable");
            }
            else if (GoldenKinds.Of(fixture) is not { } kind)
            {
                yield return new TheoryDataRow<string, string>(name, "kind") { Skip = "the fields of its results are of no known kind" };
            }
            else if (kind.Unsupported(fixture) is { } reason)
            {
                yield return new TheoryDataRow<string, string>(name, kind.Name) { Skip = reason };
            }
            else
            {
                foreach (string check in kind.Checks(fixture).Keys)
                {
                    yield return new TheoryDataRow<string, string>(name, check);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Fixture_Computed_EqualsItsReference(string fixture, string check)
    {
        Assert.True(Directory.Exists(Root), $"{Variable} names '{Root}', but there is no such folder.");
        var golden = new GoldenFixture(Root, Path.Combine(Root, fixture));
        var measured = new Measured(fixture, check);
        try
        {
            using var scope = NewDisposeScope();
            GoldenKinds.Of(golden)!.Checks(golden)[check](golden, measured);
        }
        finally
        {
            ParityLine[] lines = [.. measured.Lines()];
            report.Add(lines);
            Array.ForEach(lines, l => output.WriteLine(l.ToString()));
        }
    }

    private static IEnumerable<string> Folders()
        => new[] { "expected.json", "cases.json" }
            .SelectMany(file => Directory.EnumerateFiles(Root, file, SearchOption.AllDirectories))
            .Select(file => Path.GetDirectoryName(file)!)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);

    private static GoldenFixture? TryRead(string folder)
    {
        try
        {
            return new GoldenFixture(Root, folder);
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or IOException)
        {
            return null;   // its case fails when it reads the file again
        }
    }
}
