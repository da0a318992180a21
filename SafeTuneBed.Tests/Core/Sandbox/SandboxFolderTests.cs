using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using SafeTuneBed.Sandbox;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Sandbox;

public sealed class SandboxFolderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("stb-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Archive_Entries_AreWhatTheListSays()
    {
        using ZipArchive archive = SandboxArchive.Open();

        Assert.Equal(SandboxArchive.Files.Select(f => (f.Path, f.Bytes)), archive.Entries.Select(e => (e.FullName, e.Length)));
        Assert.Equal(SandboxArchive.Files.Select(f => f.Path).Order(StringComparer.Ordinal), SandboxArchive.Files.Select(f => f.Path));
        Assert.All(SandboxArchive.Files, f =>
        {
            using Stream entry = archive.GetEntry(f.Path)!.Open();
            Assert.Equal(f.Sha256, Convert.ToHexStringLower(SHA256.HashData(entry)));
        });
    }

    [Fact]
    public void Archive_Content_IsThePublishedSandbox()
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Require("sandbox", "expected.json")));

        var published = expected.RootElement.GetProperty("files").EnumerateObject()
            .Where(f => f.Name.Split('/')[0] is "aligned" or "base" or "data")
            .Select(f => (f.Name, f.Value.GetProperty("bytes").GetInt64(), f.Value.GetProperty("sha256").GetString()));
        Assert.Equal(published.OrderBy(f => f.Name, StringComparer.Ordinal), SandboxArchive.Files.Select(f => (f.Path, f.Bytes, (string?)f.Sha256)));
    }

    [Fact]
    public void Extract_TwiceAtOnce_GivesOneWholeFolder()
    {
        string[] folders = new string[4];

        Parallel.For(0, folders.Length, i => folders[i] = new SandboxCache(folder).GetFolder());

        Assert.Single(folders.Distinct());
        AssertWhole(folders[0]);
        Assert.Single(Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public void Extract_DamagedAndMissingFiles_AreMended()
    {
        string root = new SandboxCache(folder).GetFolder();
        string damaged = Path.Combine(root, "data", "world.json");
        byte[] bytes = File.ReadAllBytes(damaged);
        bytes[100] ^= 1;
        File.WriteAllBytes(damaged, bytes);
        File.Delete(Path.Combine(root, "base", "config.json"));
        Directory.Delete(Path.Combine(root, "data", "sql"), recursive: true);

        new SandboxCache(folder).GetFolder();

        AssertWhole(root);
    }

    [Fact]
    public void Extract_FirstPlaceNotWritable_TakesTheNext()
    {
        string file = Path.Combine(folder, "file");
        File.WriteAllText(file, "");

        string root = new SandboxCache(Path.Combine(file, "below"), Path.Combine(folder, "next")).GetFolder();

        Assert.StartsWith(Path.Combine(folder, "next"), root, StringComparison.Ordinal);
        AssertWhole(root);
    }

    [Fact]
    public void Extract_NoPlaceWritable_IsATypedError()
    {
        string file = Path.Combine(folder, "file");
        File.WriteAllText(file, "");

        Assert.Contains("UseSandbox", Assert.Throws<ConfigurationException>(() => new SandboxCache(Path.Combine(file, "a")).GetFolder()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_OutsideFolder_NamesAllThatIsMissing()
    {
        string root = new SandboxCache(folder).GetFolder();
        File.Delete(Path.Combine(root, "base", "tokenizer.json"));
        File.Delete(Path.Combine(root, "data", "sql", "eval.jsonl"));
        File.Delete(Path.Combine(root, "base", "generation_config.json"));

        ConfigurationException fault = Assert.Throws<ConfigurationException>(() => SandboxFolder.Resolve(root));

        Assert.Contains("base/tokenizer.json, data/sql/eval.jsonl.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_OutsideFolder_IsUsedAsItIs()
    {
        string root = new SandboxCache(folder).GetFolder();

        SandboxFolder sandbox = SandboxFolder.Resolve(root);

        Assert.Equal(Path.Combine(root, "aligned"), sandbox.Aligned);
        Assert.Contains("I'm sorry", SandboxWorld.Load(sandbox).RefusalMarkers);
        Assert.True(SandboxWorld.Load(sandbox).IsRefusal("As an assistant, I cannot help you."));
        Assert.False(SandboxWorld.Load(sandbox).IsRefusal("Sure. i can't say it better."));
    }

    [Fact]
    public void Resolve_FolderThatIsNotThere_IsATypedError() =>
        Assert.Throws<ConfigurationException>(() => SandboxFolder.Resolve(Path.Combine(folder, "none")));

    private static void AssertWhole(string root) => Assert.All(
        SandboxArchive.Files, f => Assert.Equal(f.Sha256, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(root, f.Path))))));
}
