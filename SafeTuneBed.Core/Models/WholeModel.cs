using System.Text.Json.Nodes;
using SafeTuneBed.Models.Families;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>A model all of whose weights were trained: a Hugging Face folder, or about to become one.</summary>
internal sealed class WholeModel : IDisposable
{
    private const long MaxShardBytes = 5_000_000_000;

    private readonly IReadOnlyDictionary<string, Tensor>? weights;
    private readonly DecoderOptions? options;
    private readonly string source;
    private string? temporary;

    private WholeModel(string source, DecoderOptions? options, IReadOnlyDictionary<string, Tensor>? weights) => (this.source, this.options, this.weights) = (source, options, weights);

    /// <summary>A copy of weights by Hugging Face name, in the type in which the decoder computes: what is stored is what answered.</summary>
    /// <param name="decoder">The model that they belong to; its folder gives configuration and tokenizer.</param>
    /// <param name="weights">One for each of the decoder's.</param>
    public static WholeModel Of(Decoder decoder, IReadOnlyDictionary<string, Tensor> weights)
    {
        using var noGrad = no_grad();
        return new WholeModel(decoder.Source, decoder.Options, decoder.Weights.Keys.ToDictionary(name => name, name => Copy(weights[name], decoder.ComputeType), StringComparer.Ordinal));
    }

    /// <summary>The model of a folder; reads headers alone.</summary>
    /// <exception cref="ModelFormatException">Configuration or weights are missing or damaged.</exception>
    public static WholeModel Open(string folder)
    {
        using SafetensorsShards files = SafetensorsShards.Open(folder);
        WeightLayout.Check(files, WeightLayout.Resolve(ModelFamilies.Describe(folder), files), folder);
        return new WholeModel(folder, null, null);
    }

    /// <summary>Whether it lies in a folder of its own.</summary>
    public bool IsStored => weights is null;

    /// <summary>A folder that holds it: its own, or one that is made now and goes with this object.</summary>
    public string Folder
    {
        get
        {
            if (weights is null)
            {
                return source;
            }

            if (temporary is null)
            {
                string folder = Directory.CreateTempSubdirectory("safetunebed-model-").FullName;
                Save(folder);
                temporary = folder;
            }

            return temporary;
        }
    }

    /// <summary>Writes it into a folder.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="maxShardBytes">Largest weight file.</param>
    public void Save(string folder, long maxShardBytes = MaxShardBytes)
    {
        Directory.CreateDirectory(folder);
        if (weights is null)
        {
            foreach (string file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
            {
                string target = Path.Combine(folder, Path.GetRelativePath(source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target, overwrite: true);
            }

            return;
        }

        ShardWriter.CopyTexts(source, folder);
        WriteConfig(folder);
        using SafetensorsShards files = SafetensorsShards.Open(source);
        (string, long)[] tensors =
        [
            .. WeightLayout.Required(options!).Select(w => (w.Name, weights[w.Name].numel() * weights[w.Name].element_size())),
            .. files.Names.Where(n => WeightLayout.IsForeign(n, options!)).Order(StringComparer.Ordinal) // a model that sees keeps its eyes
                .Select(n => (n, files.Find(n)!.Shape.Aggregate((long)SafetensorsEntry.ElementSize(files.Find(n)!.DataType), (a, b) => a * b))),
        ];
        ShardWriter.Write(folder, tensors, name => weights.TryGetValue(name, out Tensor? weight) ? weight.alias() : files.Read(name), maxShardBytes, CancellationToken.None);
    }

    public void Dispose()
    {
        foreach (Tensor weight in weights?.Values ?? [])
        {
            weight.Dispose();
        }

        if (temporary is not null && Directory.Exists(temporary))
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    // As it is, but for the stored type.
    private void WriteConfig(string folder)
    {
        JsonObject config = JsonNode.Parse(File.ReadAllBytes(Path.Combine(source, ModelConfig.FileName)))!.AsObject();
        string type = weights!.Values.First().dtype switch { ScalarType.BFloat16 => "bfloat16", ScalarType.Float16 => "float16", ScalarType.Float64 => "float64", _ => "float32" };
        foreach (JsonObject place in config["text_config"] is JsonObject text ? new[] { config, text } : [config])
        {
            foreach (string key in new[] { "torch_dtype", "dtype" }.Where(place.ContainsKey))
            {
                place[key] = type;
            }
        }

        File.WriteAllText(Path.Combine(folder, ModelConfig.FileName), config.ToJsonString(ShardWriter.Indented));
    }

    private static Tensor Copy(Tensor tensor, ScalarType type)
    {
        using Tensor detached = tensor.detach();
        using Tensor converted = detached.to(type);
        using Tensor host = converted.cpu();
        return host.clone().DetachFromDisposeScope();
    }
}
