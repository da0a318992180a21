using SafeTuneBed.Models;
using SafeTuneBed.Sandbox;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>Random models made once, in a folder that goes with the run.</summary>
internal sealed class BenchmarkModels : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-benchmark-").FullName;

    /// <summary>A model of one of <see cref="RandomModel.Sizes"/>, <c>sandbox</c>, or a folder of the user's own.</summary>
    public Decoder Load(string model, ScalarType type) => Decoder.Load(Folder(model), type, CPU);

    /// <summary>The folder of a model.</summary>
    public string Folder(string model)
    {
        if (!RandomModel.Sizes.TryGetValue(model, out RandomModel.Size? size))
        {
            return model == "sandbox" ? SandboxFolder.Resolve(null).Aligned : model;
        }

        string place = Path.Combine(folder, model);
        if (!Directory.Exists(place))
        {
            new RandomModel(place, size, ScalarType.BFloat16, 1, null).Write();
        }

        return place;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
