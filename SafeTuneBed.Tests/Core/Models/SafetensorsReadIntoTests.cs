using SafeTuneBed.Tests.TestDoubles;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>Reading into given memory, past the mapping, against reading through it.</summary>
[Collection(TorchCollection.Name)]
public sealed class SafetensorsReadIntoTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("safetensors-");

    private string FilePath => Path.Combine(folder.FullName, "model.safetensors");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData(ScalarType.Float32, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, ScalarType.BFloat16)]
    [InlineData(ScalarType.BFloat16, ScalarType.Float32)]
    [InlineData(ScalarType.Float16, ScalarType.Float32)]
    [InlineData(ScalarType.Float32, ScalarType.BFloat16)]
    public void ReadInto_AnyTypeAndManyChunks_EqualsTheMappedTensorConverted(ScalarType stored, ScalarType wanted)
    {
        using var scope = NewDisposeScope();
        // 1.3 million numbers: several chunks of the conversion, the last one short
        Tensor large = rand([1301, 1000], generator: new Generator(5)).to(stored), small = rand([3], generator: new Generator(6)).to(stored);
        SafetensorsFile.Write(FilePath, new Dictionary<string, Tensor> { ["a"] = small, ["b"] = large });
        using SafetensorsFile file = SafetensorsFile.Open(FilePath);

        Tensor whole = zeros([1303, 1000], wanted);
        file.ReadInto("b", whole.narrow(0, 1, 1301));
        Tensor three = zeros([3], wanted);
        file.ReadInto("a", three);

        Assert.True(whole.narrow(0, 1, 1301).Equals(large.to(wanted)));
        Assert.Equal(0, whole[0].abs().sum().to(ScalarType.Float32).item<float>());
        Assert.Equal(0, whole[1302].abs().sum().to(ScalarType.Float32).item<float>());
        Assert.True(three.Equals(small.to(wanted)));
    }

    [Fact]
    public void ReadInto_TensorsOfOddOffsets_EqualsTheMappedTensor()
    {
        using var scope = NewDisposeScope();
        byte[] header = System.Text.Encoding.UTF8.GetBytes("""{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}""");
        byte[] file = [.. BitConverter.GetBytes((long)header.Length), .. header, 7, .. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-2f)];
        File.WriteAllBytes(FilePath, file);

        using SafetensorsFile opened = SafetensorsFile.Open(FilePath);
        Tensor target = zeros(2);
        opened.ReadInto("y", target);

        Assert.Equal([1.5f, -2f], target.data<float>().ToArray());
    }

    [Fact]
    public void ReadInto_WrongShapeOrFileCutAfterOpening_IsRefused()
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(FilePath, new Dictionary<string, Tensor> { ["x"] = ones(1000, 4) });
        using SafetensorsFile file = SafetensorsFile.Open(FilePath);

        Assert.Throws<ArgumentException>(() => file.ReadInto("x", zeros(4, 1000)));
        Assert.Throws<ArgumentException>(() => file.ReadInto("x", zeros(4, 1000).t()));
        using (FileStream cut = File.OpenWrite(FilePath))
        {
            cut.SetLength(5000);
        }

        Assert.Throws<ModelFormatException>(() => file.ReadInto("x", zeros(1000, 4)));
        Assert.Throws<ModelFormatException>(() => file.ReadInto("x", zeros([1000, 4], ScalarType.BFloat16)));
    }
}
