using SafeTuneBed.Models.Families;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>The weights of a model's linear layers on disk, read one at a time by path, in f32 on the CPU.</summary>
internal sealed class WeightFolder : IDisposable
{
    private readonly SafetensorsShards files;
    private readonly DecoderOptions options;

    private WeightFolder(string folder, SafetensorsShards files, DecoderOptions options) => (Folder, this.files, this.options) = (folder, files, options);

    /// <summary>Where the model lies.</summary>
    public string Folder { get; }

    /// <summary>Paths of the linear layers in the order of the network, the output head last.</summary>
    public IReadOnlyList<string> LinearPaths => [.. WeightLayout.LinearPaths(options), HeadPath];

    private string HeadPath => WeightLayout.Head(options)[..^".weight".Length];

    /// <summary>Opens a folder; reads headers alone.</summary>
    /// <exception cref="ModelFormatException">Configuration or weights are missing or damaged.</exception>
    public static WeightFolder Open(string folder)
    {
        SafetensorsShards files = SafetensorsShards.Open(folder);
        try
        {
            DecoderOptions options = WeightLayout.Resolve(ModelFamilies.Describe(folder), files);
            WeightLayout.Check(files, options, folder);
            return new WeightFolder(folder, files, options);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>A layer's weight, [out, in]; freed with the scope. A tied head's is the embedding.</summary>
    public Tensor Read(string path)
    {
        string name = path == HeadPath && options.TieWordEmbeddings ? WeightLayout.Embedding(options) : path + ".weight";
        Tensor weight = empty([.. files.Find(name)!.Shape], ScalarType.Float32);
        files.ReadInto(name, weight);
        return weight;
    }

    /// <summary>The weight of the layer that has this path in another folder, whose layers may lie below another root.</summary>
    public Tensor Read(string path, WeightFolder other) => Read(path == other.HeadPath ? HeadPath : options.Roots[0] + path[other.options.Roots[0].Length..]);

    /// <summary>How the layers differ in shape from another model's; null when they don't. Rows of the vocabulary don't count.</summary>
    public string? FindDifference(WeightFolder other)
    {
        if (options.LayerCount != other.options.LayerCount)
        {
            return FormattableString.Invariant($"it has {options.LayerCount} blocks, and {other.Folder} has {other.options.LayerCount}");
        }

        var mine = WeightLayout.Linears(options).ToDictionary(l => l.Path, l => (l.Out, l.In));
        foreach ((string path, long rows, long columns, _) in WeightLayout.Linears(other.options))
        {
            if (!mine.TryGetValue(path, out (long Out, long In) own) || own != (rows, columns))
            {
                return FormattableString.Invariant($"{path} is {(own == default ? "not there" : $"[{own.Out}, {own.In}]")}, and [{rows}, {columns}] in {other.Folder}");
            }
        }

        return null;
    }

    public void Dispose() => files.Dispose();
}
