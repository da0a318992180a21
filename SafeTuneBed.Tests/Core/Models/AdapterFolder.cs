using SafeTuneBed.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>A hand-made PEFT folder with random factors, and the sum W + s B A in plain loops over doubles.</summary>
internal sealed class AdapterFolder(string config) : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("adapter-");
    private readonly Random random = new(5);

    public string Folder => folder.FullName;

    public string ConfigFile => Path.Combine(Folder, PeftAdapter.ConfigFile);

    public string WeightsFile => Path.Combine(Folder, PeftAdapter.WeightsFile);

    /// <summary>By the name in the file.</summary>
    public Dictionary<string, (long[] Shape, float[] Values)> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>A configuration of the given fields, as JSON members, beside what every one has.</summary>
    public static AdapterFolder With(string fields) => new($$"""{"peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": "somewhere", {{fields}}}""");

    public AdapterFolder Add(TinyModel model, string path, int rank)
    {
        long[] shape = model.Weights.TryGetValue(path + ".weight", out var weight) ? weight.Shape : model.Weights["model.embed_tokens.weight"].Shape;
        AddTensor($"base_model.model.{path}.lora_A.weight", [rank, shape[1]], 0.4);
        AddTensor($"base_model.model.{path}.lora_B.weight", [shape[0], rank], 0.4);
        return this;
    }

    public AdapterFolder AddTensor(string name, long[] shape, double size = 1)
    {
        Tensors[name] = (shape, [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)(size * ((2 * random.NextDouble()) - 1)))]);
        return this;
    }

    public AdapterFolder Write(Func<string, string>? rename = null, ScalarType type = ScalarType.Float32)
    {
        using var scope = NewDisposeScope();
        File.WriteAllText(ConfigFile, config);
        SafetensorsFile.Write(WeightsFile, Tensors.ToDictionary(t => rename?.Invoke(t.Key) ?? t.Key, t => tensor(t.Value.Values, t.Value.Shape).to(type)));
        return this;
    }

    /// <summary>Adds s B A to a weight of the model in memory.</summary>
    public void Merge(TinyModel model, string path, double scale)
    {
        (long[] shapeA, float[] a) = Tensors[$"base_model.model.{path}.lora_A.weight"];
        (_, float[] b) = Tensors[$"base_model.model.{path}.lora_B.weight"];
        (long rank, long columns) = (shapeA[0], shapeA[1]);
        float[] weight = model.Weights[path + ".weight"].Values;
        for (int i = 0; i < weight.Length; i++)
        {
            (long row, long column) = Math.DivRem(i, columns);
            double sum = 0;
            for (long k = 0; k < rank; k++)
            {
                sum += (double)b[(row * rank) + k] * a[(k * columns) + column];
            }

            weight[i] = (float)(weight[i] + (scale * sum));
        }
    }

    public void Dispose() => folder.Delete(recursive: true);
}
