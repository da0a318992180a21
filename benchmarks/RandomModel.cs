using System.Text.Json;
using System.Text.Json.Nodes;
using SafeTuneBed.Text;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>Writes a Llama folder with random weights: for time and memory, where what a model says does not matter.</summary>
internal sealed class RandomModel(string folder, RandomModel.Size size, ScalarType stored, int shards, string? tokenizerFolder)
{
    private const int OwnBos = 256, OwnEos = 257;

    private static readonly string[] TokenizerFiles = ["tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static readonly IReadOnlyDictionary<string, Size> Sizes = new Dictionary<string, Size>(StringComparer.Ordinal)
    {
        ["tiny"] = new(64, 128, 2, 4, 2, 512),
        ["sandbox-size"] = new(128, 344, 3, 4, 4, 2870),
        ["20m"] = new(256, 688, 6, 8, 4, 32000),
        ["25m"] = new(512, 1408, 6, 8, 4, 8192),
        ["110m"] = new(768, 2048, 12, 12, 12, 16384),
        ["1b"] = new(2048, 5632, 22, 32, 4, 32000),
    };

    /// <summary>Tokens of context.</summary>
    public int Positions { get; init; } = 2048;

    /// <summary>Widths and counts of a Llama.</summary>
    public sealed record Size(int Hidden, int Middle, int Layers, int Heads, int KeyValueHeads, int Vocabulary);

    public static int Run(Arguments arguments)
    {
        string folder = arguments.Find("out") ?? throw new ArgumentException("Name the folder to write: --out <folder>.");
        string name = arguments.Text("size", "110m");
        Size size = Sizes.GetValueOrDefault(name) ?? throw new ArgumentException($"--size is '{name}'; use {string.Join(", ", Sizes.Keys)}.");
        ScalarType stored = arguments.Text("type", "bf16") switch
        {
            "bf16" => ScalarType.BFloat16,
            "f16" => ScalarType.Float16,
            "f32" => ScalarType.Float32,
            var other => throw new ArgumentException($"--type is '{other}'; use bf16, f16 or f32."),
        };
        string? tokenizer = arguments.Find("tokenizer");
        size = tokenizer is null ? size : size with { Vocabulary = ModelTokenizer.Load(tokenizer).VocabularySize };
        long parameters = new RandomModel(folder, size, stored, arguments.Number("shards", 1), tokenizer) { Positions = arguments.Number("positions", 2048) }.Write();
        Console.WriteLine($"{parameters:N0} parameters in {Path.GetFullPath(folder)}");
        return 0;
    }

    /// <summary>Writes the folder; gives the number of parameters.</summary>
    public long Write()
    {
        Directory.CreateDirectory(folder);
        ModelTokenizer? tokenizer = tokenizerFolder is null ? null : CopyTokenizer(tokenizerFolder);
        WriteConfig(tokenizer?.BosId ?? OwnBos, tokenizer?.EosId ?? OwnEos);
        if (tokenizer is null)
        {
            WriteTokenizer();
        }

        IReadOnlyList<(string Name, long[] Shape)> shapes = Shapes();
        WriteWeights(shapes);
        return shapes.Sum(p => p.Shape.Aggregate(1L, (a, b) => a * b));
    }

    private void WriteConfig(int bos, int eos) => WriteJson("config.json", new JsonObject
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["model_type"] = "llama",
        ["hidden_size"] = size.Hidden,
        ["intermediate_size"] = size.Middle,
        ["num_hidden_layers"] = size.Layers,
        ["num_attention_heads"] = size.Heads,
        ["num_key_value_heads"] = size.KeyValueHeads,
        ["vocab_size"] = size.Vocabulary,
        ["max_position_embeddings"] = Positions,
        ["rms_norm_eps"] = 1e-5,
        ["rope_theta"] = 10000.0,
        ["tie_word_embeddings"] = false,
        ["bos_token_id"] = bos,
        ["eos_token_id"] = eos,
        ["torch_dtype"] = stored switch { ScalarType.BFloat16 => "bfloat16", ScalarType.Float16 => "float16", _ => "float32" },
    });

    private IReadOnlyList<(string Name, long[] Shape)> Shapes()
    {
        long keyValue = (long)size.KeyValueHeads * (size.Hidden / size.Heads);
        var shapes = new List<(string Name, long[] Shape)> { ("model.embed_tokens.weight", [size.Vocabulary, size.Hidden]) };
        for (int i = 0; i < size.Layers; i++)
        {
            string layer = $"model.layers.{i}.";
            shapes.AddRange([
                (layer + "input_layernorm.weight", [size.Hidden]),
                (layer + "self_attn.q_proj.weight", [size.Hidden, size.Hidden]),
                (layer + "self_attn.k_proj.weight", [keyValue, size.Hidden]),
                (layer + "self_attn.v_proj.weight", [keyValue, size.Hidden]),
                (layer + "self_attn.o_proj.weight", [size.Hidden, size.Hidden]),
                (layer + "post_attention_layernorm.weight", [size.Hidden]),
                (layer + "mlp.gate_proj.weight", [size.Middle, size.Hidden]),
                (layer + "mlp.up_proj.weight", [size.Middle, size.Hidden]),
                (layer + "mlp.down_proj.weight", [size.Hidden, size.Middle]),
            ]);
        }

        return [.. shapes, ("model.norm.weight", [size.Hidden]), ("lm_head.weight", [size.Vocabulary, size.Hidden])];
    }

    // One shard at a time, so that writing needs no more memory than a shard.
    private void WriteWeights(IReadOnlyList<(string Name, long[] Shape)> shapes)
    {
        manual_seed(1);
        var map = new JsonObject();
        (string Name, long[] Shape)[][] parts = [.. shapes.Chunk((shapes.Count + shards - 1) / shards)];
        for (int i = 0; i < parts.Length; i++)
        {
            string name = parts.Length == 1 ? "model.safetensors" : $"model-{i + 1:D5}-of-{parts.Length:D5}.safetensors";
            Dictionary<string, Tensor> tensors = parts[i].ToDictionary(p => p.Name, p =>
            {
                using var scope = NewDisposeScope();
                return (p.Shape.Length == 1 ? ones(p.Shape) : randn(p.Shape).mul_(0.02)).to(stored).MoveToOuterDisposeScope();
            });
            SafetensorsFile.Write(Path.Combine(folder, name), tensors);
            foreach ((string tensor, Tensor value) in tensors)
            {
                map[tensor] = name;
                value.Dispose();
            }
        }

        if (parts.Length > 1)
        {
            WriteJson("model.safetensors.index.json", new JsonObject { ["metadata"] = new JsonObject(), ["weight_map"] = map });
        }
    }

    private ModelTokenizer CopyTokenizer(string source)
    {
        foreach (string file in TokenizerFiles.Where(f => File.Exists(Path.Combine(source, f))))
        {
            // a chat template travels in one of these files, or not at all
            File.Copy(Path.Combine(source, file), Path.Combine(folder, file), overwrite: true);
            File.SetAttributes(Path.Combine(folder, file), FileAttributes.Normal);
        }

        return ModelTokenizer.Load(folder);
    }

    // One token a byte: enough to have text of any length.
    private void WriteTokenizer()
    {
        var vocabulary = new JsonObject();
        int extra = 0;
        for (int b = 0; b < 256; b++)
        {
            bool shown = b is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255);
            vocabulary[((char)(shown ? b : 256 + extra++)).ToString()] = b;
        }

        WriteJson("tokenizer.json", new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(Special(OwnBos, "<s>"), Special(OwnEos, "</s>")),
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(),
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        });
        WriteJson("tokenizer_config.json", new JsonObject
        {
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
            ["bos_token"] = "<s>",
            ["eos_token"] = "</s>",
            ["chat_template"] = "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}",
        });

        static JsonObject ByteLevel() => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };

        static JsonObject Special(int id, string text) =>
            new() { ["id"] = id, ["content"] = text, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true };
    }

    private void WriteJson(string name, JsonNode json) => File.WriteAllText(Path.Combine(folder, name), json.ToJsonString(Indented));
}
