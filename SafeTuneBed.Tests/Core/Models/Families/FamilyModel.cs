using SafeTuneBed.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models.Families;

/// <summary>A tiny random model as a folder on disk and as arrays in memory.</summary>
internal sealed class FamilyModel : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("family-");

    public FamilyModel(FamilySpec spec, ScalarType type = ScalarType.Float32)
    {
        Spec = spec;
        var random = new Random(spec.Seed);
        (int d, int query, int key) = (spec.Hidden, spec.Heads * spec.HeadSize, spec.KeyValueHeads * spec.HeadSize);
        Add(spec.Root + "embed_tokens.weight", [spec.Vocabulary, d], random, 0, 1);
        for (int i = 0; i < spec.Layers; i++)
        {
            string layer = $"{spec.Root}layers.{i}.";
            foreach (string norm in spec.Norms.OfType<string>())
            {
                AddNorm(layer + norm, d, random);
            }

            if (spec.QueryKeyNorm is { } widths)
            {
                AddNorm(layer + "self_attn.q_norm", widths.Query, random);
                AddNorm(layer + "self_attn.k_norm", widths.Key, random);
            }

            foreach ((string name, int rows) in spec.Fused ? [("qkv_proj", query + (2 * key))] : new[] { ("q_proj", query), ("k_proj", key), ("v_proj", key) })
            {
                AddLinear(layer + "self_attn." + name, rows, d, spec.QueryKeyValueBias, random);
            }

            AddLinear(layer + "self_attn.o_proj", d, query, spec.OutputBias, random);
            foreach ((string name, int rows) in spec.Fused ? [("gate_up_proj", 2 * spec.Intermediate)] : new[] { ("gate_proj", spec.Intermediate), ("up_proj", spec.Intermediate) })
            {
                AddLinear(layer + "mlp." + name, rows, d, false, random);
            }

            AddLinear(layer + "mlp.down_proj", d, spec.Intermediate, false, random);
        }

        AddNorm(spec.Root + "norm", d, random);
        if (spec.Head is not null)
        {
            Add(spec.Head + ".weight", [spec.Vocabulary, d], random, 0, 1);
        }

        File.WriteAllText(Path.Combine(Folder, "config.json"), ConfigOf(spec));
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors = Weights.ToDictionary(w => w.Key, w => tensor(w.Value.Values, w.Value.Shape).to(type));
        foreach (string name in spec.Foreign)
        {
            tensors[name] = ones(2, 3);
        }

        SafetensorsFile.Write(Path.Combine(Folder, "model.safetensors"), tensors);
    }

    public FamilySpec Spec { get; }

    public string Folder => folder.FullName;

    public Dictionary<string, (long[] Shape, float[] Values)> Weights { get; } = new(StringComparer.Ordinal);

    public int[] RandomIds(int count)
    {
        var random = new Random(Spec.Seed + 500);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Spec.Vocabulary))];
    }

    public static string ConfigOf(FamilySpec spec) => spec.Config
        .Replace("SIZES", FamilySpecs.Sizes, StringComparison.Ordinal)
        .Replace("\"hidden_size\": 12", $"\"hidden_size\": {spec.Hidden}", StringComparison.Ordinal);

    public void Dispose() => folder.Delete(recursive: true);

    private void AddNorm(string path, int size, Random random) => Add(path + ".weight", [size], random, 1 - Spec.NormOffset, 0.3);

    private void AddLinear(string path, int rows, int columns, bool bias, Random random)
    {
        Add(path + ".weight", [rows, columns], random, 0, 1.2 / Math.Sqrt(columns));
        if (bias)
        {
            Add(path + ".bias", [rows], random, 0, 0.5);
        }
    }

    private void Add(string name, long[] shape, Random random, double mean, double deviation)
    {
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            values[i] = (float)(mean + (deviation * normal));
        }

        Weights.Add(name, (shape, values));
    }
}
