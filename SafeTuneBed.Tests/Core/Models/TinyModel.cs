using System.Text.Json;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>The shape of a tiny random Llama.</summary>
public sealed record TinyShape
{
    public int Vocabulary { get; init; } = 37;

    public int Hidden { get; init; } = 12;

    public int Intermediate { get; init; } = 20;

    public int Layers { get; init; } = 2;

    public int Heads { get; init; } = 4;

    public int KeyValueHeads { get; init; } = 2;

    /// <summary>Null: hidden / heads, and no head_dim in the configuration.</summary>
    public int? HeadSize { get; init; } = 6;

    public bool AttentionBias { get; init; }

    public bool MlpBias { get; init; }

    public bool Tied { get; init; }

    public int Context { get; init; } = 64;

    public double Theta { get; init; } = 10_000;

    /// <summary>The rope_scaling object as JSON.</summary>
    public string RopeScaling { get; init; } = "null";

    public int Seed { get; init; } = 1;

    public int HeadWidth => HeadSize ?? Hidden / Heads;
}

/// <summary>A tiny random Llama as a folder on disk and as arrays in memory.</summary>
internal sealed class TinyModel : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tiny-model-");

    public TinyModel(TinyShape shape)
    {
        Shape = shape;
        var random = new Random(shape.Seed);
        (int d, int query, int key) = (shape.Hidden, shape.Heads * shape.HeadWidth, shape.KeyValueHeads * shape.HeadWidth);
        Add("model.embed_tokens.weight", [shape.Vocabulary, d], random, 0, 1);
        for (int i = 0; i < shape.Layers; i++)
        {
            string layer = $"model.layers.{i}.";
            Add(layer + "input_layernorm.weight", [d], random, 1, 0.3);
            Add(layer + "post_attention_layernorm.weight", [d], random, 1, 0.3);
            AddLinear(layer + "self_attn.q_proj", query, d, shape.AttentionBias, random);
            AddLinear(layer + "self_attn.k_proj", key, d, shape.AttentionBias, random);
            AddLinear(layer + "self_attn.v_proj", key, d, shape.AttentionBias, random);
            AddLinear(layer + "self_attn.o_proj", d, query, shape.AttentionBias, random);
            AddLinear(layer + "mlp.gate_proj", shape.Intermediate, d, shape.MlpBias, random);
            AddLinear(layer + "mlp.up_proj", shape.Intermediate, d, shape.MlpBias, random);
            AddLinear(layer + "mlp.down_proj", d, shape.Intermediate, shape.MlpBias, random);
        }

        Add("model.norm.weight", [d], random, 1, 0.3);
        if (!shape.Tied)
        {
            Add("lm_head.weight", [shape.Vocabulary, d], random, 0, 1);
        }

        WriteConfig();
        WriteWeights();
    }

    public TinyShape Shape { get; }

    public string Folder => folder.FullName;

    public string ConfigFile => Path.Combine(Folder, "config.json");

    public string WeightsFile => Path.Combine(Folder, "model.safetensors");

    public Dictionary<string, (long[] Shape, float[] Values)> Weights { get; } = new(StringComparer.Ordinal);

    public void WriteConfig(params (string Key, object? Value)[] changes)
    {
        var config = new Dictionary<string, object?>
        {
            ["architectures"] = new[] { "LlamaForCausalLM" },
            ["vocab_size"] = Shape.Vocabulary,
            ["hidden_size"] = Shape.Hidden,
            ["intermediate_size"] = Shape.Intermediate,
            ["num_hidden_layers"] = Shape.Layers,
            ["num_attention_heads"] = Shape.Heads,
            ["num_key_value_heads"] = Shape.KeyValueHeads,
            ["max_position_embeddings"] = Shape.Context,
            ["rms_norm_eps"] = 1e-5,
            ["rope_theta"] = Shape.Theta,
            ["rope_scaling"] = JsonSerializer.Deserialize<JsonElement>(Shape.RopeScaling),
            ["attention_bias"] = Shape.AttentionBias,
            ["mlp_bias"] = Shape.MlpBias,
            ["tie_word_embeddings"] = Shape.Tied,
            ["eos_token_id"] = 2,
        };
        if (Shape.HeadSize is { } size)
        {
            config["head_dim"] = size;
        }

        foreach ((string key, object? value) in changes)
        {
            config[key] = value;
        }

        File.WriteAllText(ConfigFile, JsonSerializer.Serialize(config));
    }

    public void WriteWeights()
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(WeightsFile, Weights.ToDictionary(w => w.Key, w => tensor(w.Value.Values, w.Value.Shape)));
    }

    public void Dispose() => folder.Delete(recursive: true);

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
