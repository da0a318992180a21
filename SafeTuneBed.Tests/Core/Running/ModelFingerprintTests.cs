using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

public sealed class ModelFingerprintTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-tests-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Of_Folder_CountsConfigurationAndWeightsAndNothingElse()
    {
        string a = Make("a"), b = Make("b");
        string before = await OfAsync(a);
        Assert.Equal(before, await OfAsync(b));

        File.WriteAllText(Path.Combine(b, "README.md"), "x");
        File.WriteAllText(Path.Combine(b, "optimizer.safetensors"), "x");
        Assert.Equal(before, await OfAsync(b));

        File.WriteAllText(Path.Combine(b, "config.json"), "{\"a\":1}");
        string changed = await OfAsync(b);
        Assert.NotEqual(before, changed);

        File.WriteAllText(Path.Combine(b, "model.safetensors"), "weightz");
        Assert.NotEqual(changed, await OfAsync(b));
    }

    [Fact]
    public async Task Of_ShardedFolder_CountsEachShardOfTheIndex()
    {
        string a = Make("a");
        File.Delete(Path.Combine(a, "model.safetensors"));
        File.WriteAllText(Path.Combine(a, "model.safetensors.index.json"), """{"weight_map":{"x":"model-2.safetensors","y":"model-1.safetensors","z":"model-2.safetensors"}}""");
        File.WriteAllText(Path.Combine(a, "model-1.safetensors"), "1");
        Assert.Contains("model-2.safetensors", (await Assert.ThrowsAsync<ModelFormatException>(() => OfAsync(a))).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(a, "model-2.safetensors"), "2");
        Assert.Equal(["model-1.safetensors", "model-2.safetensors"], ModelFingerprint.WeightFiles(a));

        string before = await OfAsync(a);
        File.WriteAllText(Path.Combine(a, "model-2.safetensors"), "3");
        Assert.NotEqual(before, await OfAsync(a));
    }

    [Fact]
    public async Task Of_OneFileBesideAnIndex_CountsTheFileThatIsLoaded()
    {
        string a = Make("a");
        File.WriteAllText(Path.Combine(a, "model.safetensors.index.json"), """{"weight_map":{"x":"model-1.safetensors"}}""");
        File.WriteAllText(Path.Combine(a, "model-1.safetensors"), "1");
        Assert.Equal(["model.safetensors"], ModelFingerprint.WeightFiles(a));

        string before = await OfAsync(a);
        File.WriteAllText(Path.Combine(a, "model.safetensors"), "other weights");
        Assert.NotEqual(before, await OfAsync(a));
    }

    [Theory]
    [InlineData("""{"weight_map":{"x":"../model.safetensors"}}""")]
    [InlineData("""{"weight_map":{}}""")]
    [InlineData("""{"weight_map":3}""")]
    [InlineData("{")]
    public async Task Of_HostileIndex_IsATypedFault(string index)
    {
        string a = Make("a");
        File.Delete(Path.Combine(a, "model.safetensors"));
        File.WriteAllText(Path.Combine(folder, "model.safetensors"), "outside");
        File.WriteAllText(Path.Combine(a, "model.safetensors.index.json"), index);
        await Assert.ThrowsAsync<ModelFormatException>(() => OfAsync(a));
    }

    [Fact]
    public async Task Of_MissingParts_SaysWhich()
    {
        Assert.Contains("no such folder", (await Assert.ThrowsAsync<ModelFormatException>(() => OfAsync(Path.Combine(folder, "x")))).Message, StringComparison.Ordinal);
        Assert.Contains("no config.json", (await Assert.ThrowsAsync<ModelFormatException>(() => OfAsync(folder))).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder, "config.json"), "{}");
        Assert.Contains("model.safetensors", (await Assert.ThrowsAsync<ModelFormatException>(() => OfAsync(folder))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_EmbeddedSandbox_IsTheSameForTheAlignedModelAndNotForTheBase()
    {
        var settings = new BedSettings();
        string aligned = ModelFolder.Of(ModelReference.Sandbox, settings);
        Assert.Equal("aligned", Path.GetFileName(aligned));
        Assert.NotEqual(await OfAsync(aligned), await OfAsync(Path.Combine(Path.GetDirectoryName(aligned)!, "base")));
        Assert.Throws<ModelFormatException>(() => ModelFolder.Of(ModelReference.Folder(Path.Combine(folder, "x")), settings));
        Assert.Equal(folder, ModelFolder.Of(ModelReference.Folder(folder), settings));
    }

    [Fact]
    public async Task FileHashes_LargeFile_IsReadAgainOnlyWhenItChanged()
    {
        string file = Path.Combine(folder, "large");
        byte[] bytes = new byte[9 << 20];
        File.WriteAllBytes(file, bytes);
        var hashes = new FileHashes(Path.Combine(folder, "memory"));
        string expected = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        Assert.Equal(expected, await hashes.OfAsync(file, default));
        string memory = Assert.Single(Directory.GetFiles(Path.Combine(folder, "memory")));

        File.WriteAllText(memory, File.ReadAllText(memory).Replace(expected, new string('a', 64), StringComparison.Ordinal));
        Assert.Equal(new string('a', 64), await hashes.OfAsync(file, default)); // it was remembered, not read

        File.WriteAllText(memory, "{ torn");
        Assert.Equal(expected, await hashes.OfAsync(file, default));

        bytes[5] = 1;
        File.WriteAllBytes(file, bytes);
        File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddYears(30));
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), await hashes.OfAsync(file, default));
    }

    private string Make(string name)
    {
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "config.json"), "{}");
        File.WriteAllText(Path.Combine(path, "model.safetensors"), "weights");
        return path;
    }

    private static Task<string> OfAsync(string path) => ModelFingerprint.OfAsync(path, new FileHashes(null), default);
}
