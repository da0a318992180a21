using System.Buffers.Binary;
using System.Text;
using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

[Collection(TorchCollection.Name)]
public sealed class SafetensorsFileTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("safetensors-");

    private string FilePath => Path.Combine(folder.FullName, "model.safetensors");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Int64)]
    [InlineData(ScalarType.Int32)]
    [InlineData(ScalarType.Int16)]
    [InlineData(ScalarType.Int8)]
    [InlineData(ScalarType.Byte)]
    [InlineData(ScalarType.Bool)]
    public void Read_WhatWriteWrote_IsEqualToTheBit(ScalarType type)
    {
        using var scope = NewDisposeScope();
        Tensor matrix = arange(12, ScalarType.Float32).sub(3).div(type is ScalarType.Bool ? 1 : 3).to(type).view(3, 4), number = ones([], type), nothing = empty([0, 5], type);
        SafetensorsFile.Write(FilePath, new Dictionary<string, Tensor> { ["b"] = matrix.t(), ["a"] = number, ["c"] = nothing }, new Dictionary<string, string> { ["note"] = "ü \"quoted\"" });

        using SafetensorsFile file = SafetensorsFile.Open(FilePath);

        Assert.Equal(["a", "b", "c"], file.Names);
        Assert.Equal("ü \"quoted\"", file.Metadata["note"]);
        Assert.Equal([4, 3], file["b"].Shape);
        Assert.Equal(type, file["b"].DataType);
        Assert.True(file.Read("b").Equals(matrix.t()));
        Assert.True(file.Read("a").Equals(number));
        Assert.Equal([0, 5], file.Read("c").shape);
        Assert.Throws<KeyNotFoundException>(() => file.Read("d"));
    }

    [Fact]
    public void Write_OfTwoTensors_GivesTheseBytes()
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(FilePath, new Dictionary<string, Tensor> { ["y"] = tensor(new[] { 1f, -2f }), ["x"] = tensor(new short[] { 258 }) });

        byte[] bytes = File.ReadAllBytes(FilePath);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        const string header = """{"__metadata__":{"format":"pt"},"y":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"x":{"dtype":"I16","shape":[1],"data_offsets":[8,10]}}""";
        Assert.Equal(0, length % 8);
        Assert.Equal(header, Encoding.UTF8.GetString(bytes, 8, length).TrimEnd(' '));
        Assert.Equal([0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 2, 1], bytes[(8 + length)..]);
        Assert.Equal([FilePath], Directory.GetFiles(folder.FullName));
    }

    [Fact]
    public void Write_ThatFails_LeavesTheOldFileAlone()
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(FilePath, new Dictionary<string, Tensor> { ["x"] = ones(3) });
        byte[] before = File.ReadAllBytes(FilePath);

        Assert.Throws<ArgumentException>(() => SafetensorsFile.Write(FilePath, new Dictionary<string, Tensor> { ["x"] = ones(3, dtype: ScalarType.ComplexFloat32) }));
        Assert.Throws<ArgumentException>(() => SafetensorsFile.Write(FilePath, new Dictionary<string, Tensor> { ["__metadata__"] = ones(3) }));
        Assert.Throws<ArgumentException>(() => SafetensorsFile.Write(FilePath, [new("x", ones(1)), new("x", ones(2))]));
        Tensor disposed = ones(3);
        disposed.Dispose();
        Assert.ThrowsAny<Exception>(() => SafetensorsFile.Write(FilePath, [new("x", ones(1)), new("y", disposed)]));

        Assert.Equal(before, File.ReadAllBytes(FilePath));
        Assert.Equal([FilePath], Directory.GetFiles(folder.FullName));
    }

    [Fact]
    public void Read_OfATensorAtAnOddPlace_CopiesIt()
    {
        byte[] data = [7, .. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-3f), .. BitConverter.GetBytes(0.25)];
        Build("""{"u":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"f":{"dtype":"F32","shape":[2],"data_offsets":[1,9]},"d":{"dtype":"F64","shape":[],"data_offsets":[9,17]}}""", data);
        using var scope = NewDisposeScope();

        using SafetensorsFile file = SafetensorsFile.Open(FilePath);

        Assert.Equal([1.5f, -3f], file.Read("f").data<float>().ToArray());
        Assert.Equal(0.25, file.Read("d").item<double>());
        Assert.Equal(7, file.Read("u").item<byte>());
    }

    [Fact]
    public void Read_ThenWriteToTheTensor_DoesNotReachTheFileAndSurvivesIt()
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(FilePath, new Dictionary<string, Tensor> { ["x"] = ones(1000) });
        byte[] before = File.ReadAllBytes(FilePath);
        Tensor x;
        using (SafetensorsFile file = SafetensorsFile.Open(FilePath))
        {
            x = file.Read("x");
        }

        x.mul_(5);
        Assert.Equal(5000f, x.sum().item<float>());
        Assert.Equal(before, File.ReadAllBytes(FilePath));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16, "'a' is defined twice")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "'a' gives 'dtype' twice")]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}""", 8, "'F8_E4M3', known are F64")]
    [InlineData("""{"a":{"dtype":"f32","shape":[2],"data_offsets":[0,8]}}""", 8, "dtype 'f32'")]
    [InlineData("""{"a":{"dtype":3,"shape":[2],"data_offsets":[0,8]}}""", 8, "'a' has no dtype")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", 8, "'a' has no dtype")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "'a' needs a shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}""", 8, "'a' needs a shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}""", 8, "'a' needs a shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}""", 8, "'a' needs a shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""", 8, "'a' needs a shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296,2],"data_offsets":[0,8]}}""", 8, "does not fill its 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}""", 4, "does not fill its 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "[3] and dtype F32 does not fill its 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "in rising order")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}""", 8, "two data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", 8, "'a' needs a shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "the file is truncated")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775800,9223372036854775807]}}""", 8, "the file is truncated")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "'b' overlaps tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}""", 16, "4 bytes between tensor 'a' and tensor 'b' belong to nothing")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "4 bytes between the header and tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "1 bytes after tensor 'a' belong to nothing")]
    [InlineData("""{}""", 4, "4 bytes after the header belong to nothing")]
    [InlineData("""{"a":[]}""", 0, "'a' is no JSON object")]
    [InlineData("""[]""", 0, "the header is no JSON object")]
    [InlineData("""{"a":""", 0, "damaged JSON")]
    [InlineData("""{"\ud800":{}}""", 0, "damaged JSON")]
    [InlineData("""{"a":{"dtype":"\udc00","shape":[2],"data_offsets":[0,8]}}""", 8, "damaged JSON")]
    [InlineData("""{"a":[[[[[[[[[[[[]]]]]]]]]]]]}""", 0, "damaged JSON")]
    [InlineData("""{"__metadata__":{"x":1}}""", 0, "__metadata__ key 'x'")]
    [InlineData("""{"__metadata__":[]}""", 0, "__metadata__ is no JSON object")]
    public void Open_HostileHeader_IsRefusedByName(string header, int dataLength, string reason)
    {
        Build(header, new byte[dataLength]);

        var error = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(FilePath));

        Assert.Contains(reason, error.Message);
        Assert.Equal(FilePath, error.Path);
    }

    [Theory]
    [InlineData(ulong.MaxValue, "18446744073709551615 bytes")]
    [InlineData(1UL << 63, "9223372036854775808 bytes")]
    [InlineData(1UL << 40, "the file is truncated or no safetensors file")]
    [InlineData(3UL, "the file is truncated or no safetensors file")]
    public void Open_AbsurdHeaderLength_IsRefusedWithoutReadingIt(ulong length, string reason)
    {
        byte[] bytes = new byte[10];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(FilePath, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Contains(reason, Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(FilePath)).Message);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    [Fact]
    public void Open_HeaderLongerThanAllowed_IsRefusedThoughTheFileHasIt()
    {
        using (FileStream file = File.Create(FilePath))
        {
            file.SetLength(200_000_008);   // sparse
            file.Write(BitConverter.GetBytes(200_000_000UL));
        }

        Assert.Contains("more than the 100000000 that are allowed", Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(FilePath)).Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Open_FileWithoutHeader_IsRefused(int bytes)
    {
        File.WriteAllBytes(FilePath, new byte[bytes]);
        Assert.Contains($"the file has {bytes} bytes", Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(FilePath)).Message);
    }

    [Fact]
    public void Open_NoFile_IsRefused()
        => Assert.Contains("does not exist", Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(FilePath)).Message);

    [Fact]
    public void Open_SeveralFaults_NamesAllInOneError()
    {
        Build("""{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[3],"data_offsets":[0,8]},"c":{"dtype":"F32","shape":[2],"data_offsets":[0,800]},"d":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"e":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", new byte[12]);

        string message = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(FilePath)).Message;

        Assert.All(["'a' has dtype 'Q4'", "'b' of shape", "'c' ends", "'e' overlaps tensor 'd'"], part => Assert.Contains(part, message));
    }

    [Fact]
    public void Open_AnyTruncationOfAFile_IsRefusedAndNeverCrashes()
    {
        using (var scope = NewDisposeScope())
        {
            SafetensorsFile.Write(FilePath, new Dictionary<string, Tensor> { ["x"] = ones(5), ["y"] = ones(3, dtype: ScalarType.Int64) });
        }

        byte[] whole = File.ReadAllBytes(FilePath);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(FilePath, whole[..length]);
            Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(FilePath));
        }
    }

    [Fact]
    public void Shards_OfAnIndex_AreReadAsOne()
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(Path.Combine(folder.FullName, "one.safetensors"), new Dictionary<string, Tensor> { ["x"] = ones(2), ["unlisted"] = ones(1) });
        SafetensorsFile.Write(Path.Combine(folder.FullName, "two.safetensors"), new Dictionary<string, Tensor> { ["y"] = zeros(3) });
        WriteIndex("""{"weight_map":{"x":"one.safetensors","y":"two.safetensors"}}""");

        using SafetensorsShards shards = SafetensorsShards.Open(folder.FullName);

        Assert.Equal(["x", "y"], shards.Names.Order());
        Assert.Equal([1f, 1f], shards.Read("x").data<float>().ToArray());
        Assert.Equal([3], shards.Find("y")!.Shape);
        Assert.Null(shards.Find("unlisted"));
    }

    [Fact]
    public void Shards_MissingDamagedLackingAndEscaping_AreAllNamed()
    {
        using (var scope = NewDisposeScope())
        {
            SafetensorsFile.Write(Path.Combine(folder.FullName, "one.safetensors"), new Dictionary<string, Tensor> { ["x"] = ones(2) });
        }

        File.WriteAllBytes(Path.Combine(folder.FullName, "bad.safetensors"), new byte[3]);
        WriteIndex("""{"weight_map":{"x":"one.safetensors","gone":"one.safetensors","y":"absent.safetensors","z":"../one.safetensors","w":"bad.safetensors","v":5}}""");

        string message = Assert.Throws<ModelFormatException>(() => SafetensorsShards.Open(folder.FullName)).Message;

        Assert.All(
            ["'one.safetensors' lacks tensor 'gone'", "'absent.safetensors': the file 'absent.safetensors' does not exist", "'../one.safetensors' is no plain file name", "'bad.safetensors': the file has 3 bytes", "weight_map entry 'v'"],
            part => Assert.Contains(part, message));
    }

    [Theory]
    [InlineData("""{"weight_map":{}}""", "weight_map is empty")]
    [InlineData("""{"weight_map":[]}""", "no weight_map object")]
    [InlineData("""[]""", "no weight_map object")]
    [InlineData("""{"weight_map":""", "can't be read")]
    [InlineData("""{"weight_map":{"x":"one.safetensors","x":"two.safetensors"}}""", "'x' is given twice")]
    public void Shards_DamagedIndex_IsRefused(string index, string reason)
    {
        WriteIndex(index);
        Assert.Contains(reason, Assert.Throws<ModelFormatException>(() => SafetensorsShards.Open(folder.FullName)).Message);
    }

    private void Build(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(FilePath, [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. data]);
    }

    private void WriteIndex(string json) => File.WriteAllText(Path.Combine(folder.FullName, SafetensorsShards.IndexName), json);
}
