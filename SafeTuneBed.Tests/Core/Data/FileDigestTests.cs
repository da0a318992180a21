using System.Text.RegularExpressions;
using SafeTuneBed.Data;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Data;

public sealed partial class FileDigestTests : IDisposable
{
    // NIST's example: SHA-256 of "abc".
    private const string Abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Read_EachWay_IsSha256()
    {
        string path = folder.Write("x", "abc");
        Assert.Equal(Abc, FileDigest.Read(path));
        Assert.Equal(Abc, await FileDigest.ReadAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal(Abc, FileDigest.Of(FileStamp.Of(path)));
    }

    [Fact]
    public void Read_DamageUnderTheSameStamp_IsSeen()
    {
        string path = folder.Write("x", "abc");
        FileStamp stamp = FileStamp.Of(path);
        FileDigest.Of(stamp);
        File.WriteAllText(path, "abd");
        File.SetLastWriteTimeUtc(path, stamp.Changed);

        Assert.Equal(Abc, FileDigest.Of(FileStamp.Of(path))); // remembered: data files are not suspected
        Assert.NotEqual(Abc, FileDigest.Read(path));
    }

    [Fact]
    public void Core_Files_HashFilesInThisOneWay()
    {
        string root = Path.Combine(SharedFolder.Root, "SafeTuneBed.Core");
        Assert.Equal(
            ["FileDigest.cs"],
            Architecture.LayeringTests.SourceFiles(root).Where(f => StreamHash().IsMatch(File.ReadAllText(f))).Select(Path.GetFileName));
    }

    [GeneratedRegex(@"HashDataAsync\(|HashData\((file|stream)\b|ComputeHash(Async)?\(")]
    private static partial Regex StreamHash();
}
