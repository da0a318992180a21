using System.Text.Json;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>A LoRA adapter as PEFT keeps it: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, in either direction the same bits.</summary>
internal sealed class PeftAdapter(LoraConfig config, string baseModel, IReadOnlyDictionary<string, (Tensor A, Tensor B)> factors) : IDisposable
{
    public const string ConfigFile = "adapter_config.json";
    public const string WeightsFile = "adapter_model.safetensors";
    private const string Prefix = "base_model.model.";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IndentSize = 2, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // What this library does not do: a truthy value changes the adapter's meaning, so it is refused by name, never dropped.
    private static readonly string[] Unsupported =
        ["use_dora", "lora_bias", "modules_to_save", "rank_pattern", "alpha_pattern", "layers_to_transform", "layers_pattern", "layer_replication", "exclude_modules", "fan_in_fan_out", "trainable_token_indices", "target_parameters", "eva_config", "corda_config", "use_qalora"];

    public LoraConfig Config { get; } = config;

    /// <summary>What <c>base_model_name_or_path</c> says.</summary>
    public string BaseModel { get; } = baseModel;

    /// <summary>Factors by module path: A [r, in], B [out, r].</summary>
    public IReadOnlyDictionary<string, (Tensor A, Tensor B)> Factors { get; } = factors;

    /// <summary>The folder it was read from, for messages.</summary>
    public string Source { get; private init; } = "(in memory)";

    public static bool IsFolder(string folder) => File.Exists(Path.Combine(folder, ConfigFile));

    /// <exception cref="ModelFormatException">The files are damaged, incomplete or ask for something unsupported.</exception>
    public static PeftAdapter Load(string folder)
    {
        string configPath = Path.Combine(folder, ConfigFile);
        string weightsPath = Path.Combine(folder, WeightsFile);
        foreach (string path in new[] { configPath, weightsPath })
        {
            if (!File.Exists(path))
            {
                throw new ModelFormatException(path, "the file is missing; a PEFT adapter is adapter_config.json and adapter_model.safetensors.");
            }
        }

        (LoraConfig config, string baseModel) = ReadConfig(configPath);
        return new PeftAdapter(config, baseModel, ReadFactors(weightsPath, config)) { Source = folder };
    }

    /// <summary>Writes both files, each beside its name and then renamed.</summary>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach ((string path, (Tensor a, Tensor b)) in Factors)
        {
            tensors[$"{Prefix}{path}.lora_A.weight"] = a;
            tensors[$"{Prefix}{path}.lora_B.weight"] = b;
        }

        SafetensorsFile.Write(Path.Combine(folder, WeightsFile), tensors, new Dictionary<string, string> { ["format"] = "pt" });
        string config = Path.Combine(folder, ConfigFile);
        string beside = config + ".tmp";
        File.WriteAllText(beside, ToJson().ToJsonString(Indented));
        File.Move(beside, config, overwrite: true);
    }

    public void Dispose()
    {
        foreach ((Tensor a, Tensor b) in Factors.Values)
        {
            a.Dispose();
            b.Dispose();
        }
    }

    // PEFT writes every key, sorted.
    private JsonObject ToJson() => new()
    {
        ["alpha_pattern"] = new JsonObject(),
        ["auto_mapping"] = null,
        ["base_model_name_or_path"] = BaseModel,
        ["bias"] = "none",
        ["corda_config"] = null,
        ["eva_config"] = null,
        ["exclude_modules"] = null,
        ["fan_in_fan_out"] = false,
        ["inference_mode"] = true,
        ["init_lora_weights"] = true,
        ["layer_replication"] = null,
        ["layers_pattern"] = null,
        ["layers_to_transform"] = null,
        ["loftq_config"] = new JsonObject(),
        ["lora_alpha"] = Number(Config.Alpha),
        ["lora_bias"] = false,
        ["lora_dropout"] = Number(Config.Dropout, fraction: true),
        ["megatron_config"] = null,
        ["megatron_core"] = "megatron.core",
        ["modules_to_save"] = null,
        ["peft_type"] = "LORA",
        ["r"] = Config.Rank,
        ["rank_pattern"] = new JsonObject(),
        ["revision"] = null,
        ["target_modules"] = new JsonArray([.. Targets().Order(StringComparer.Ordinal).Select(t => (JsonNode)t)]),
        ["task_type"] = "CAUSAL_LM",
        ["trainable_token_indices"] = null,
        ["use_dora"] = false,
        ["use_rslora"] = Config.UseRsLora,
    };

    // "all-linear" is written out as module names, as PEFT itself does once it has met the model.
    private IEnumerable<string> Targets() => Config.TargetModules is ["all-linear"]
        ? Factors.Keys.Select(k => k[(k.LastIndexOf('.') + 1)..]).Distinct()
        : Config.TargetModules;

    // Python writes 8 for an int and 0.0 for a float; PEFT's alpha is usually an int, its dropout a float.
    private static JsonNode Number(double value, bool fraction = false) => !fraction && value == Math.Floor(value) && Math.Abs(value) < 1e15
        ? JsonValue.Create((long)value)
        : JsonNode.Parse(value == Math.Floor(value) ? FormattableString.Invariant($"{value:F1}") : FormattableString.Invariant($"{value:R}"))!;

    private static (LoraConfig Config, string BaseModel) ReadConfig(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException(path, "it is not a JSON object.");
            }

            string[] refused = [.. Unsupported.Where(k => root.TryGetProperty(k, out JsonElement v) && IsTruthy(v))];
            if (refused.Length > 0)
            {
                throw new ModelFormatException(path, $"the adapter uses {string.Join(", ", refused)}, which this version does not support.");
            }

            if (Text(root, "peft_type") is var kind and not "LORA")
            {
                throw new ModelFormatException(path, $"peft_type is '{kind}'; only LORA is supported.");
            }

            if (Text(root, "bias") is { } bias && bias != "none")
            {
                throw new ModelFormatException(path, $"bias is '{bias}'; only none is supported.");
            }

            IReadOnlyList<string> targets = root.TryGetProperty("target_modules", out JsonElement modules) && modules.ValueKind == JsonValueKind.Array
                ? [.. modules.EnumerateArray().Select(m => m.GetString()!)]
                : modules.ValueKind == JsonValueKind.String ? [modules.GetString()!] : [];
            var config = new LoraConfig
            {
                Rank = root.TryGetProperty("r", out JsonElement r) ? r.GetInt32() : 8,
                Alpha = root.TryGetProperty("lora_alpha", out JsonElement alpha) ? alpha.GetDouble() : 8,
                Dropout = root.TryGetProperty("lora_dropout", out JsonElement dropout) ? dropout.GetDouble() : 0,
                UseRsLora = root.TryGetProperty("use_rslora", out JsonElement rs) && IsTruthy(rs),
                TargetModules = targets,
            };
            if (config.Rank < 1)
            {
                throw new ModelFormatException(path, $"r is {config.Rank}; it must be at least 1.");
            }

            return (config, Text(root, "base_model_name_or_path") ?? "");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new ModelFormatException(path, $"it can't be read as an adapter configuration: {e.Message}", e);
        }
    }

    private static Dictionary<string, (Tensor A, Tensor B)> ReadFactors(string path, LoraConfig config)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        var pairs = new Dictionary<string, (string? A, string? B)>(StringComparer.Ordinal);
        var faults = new List<string>();
        foreach (string name in file.Names)
        {
            (string path, bool isA)? key = Split(name);
            if (key is not { } found)
            {
                faults.Add($"tensor '{name}' is not a LoRA factor");
                continue;
            }

            (string? a, string? b) = pairs.GetValueOrDefault(found.path);
            pairs[found.path] = found.isA ? (name, b) : (a, name);
        }

        foreach ((string module, (string? a, string? b)) in pairs)
        {
            if (a is null || b is null)
            {
                faults.Add($"'{module}' lacks lora_{(a is null ? "A" : "B")}");
            }
            else if (file[a].Shape is not [var rank, _] || file[b].Shape is not [_, var rankB] || rank != config.Rank || rankB != config.Rank)
            {
                faults.Add($"'{module}' has factors [{string.Join(", ", file[a].Shape)}] and [{string.Join(", ", file[b].Shape)}], not of rank {config.Rank}");
            }
        }

        if (pairs.Count == 0)
        {
            faults.Add("it holds no LoRA factor");
        }

        if (faults.Count > 0)
        {
            throw new ModelFormatException(path, string.Join("; ", faults) + ".");
        }

        return pairs.ToDictionary(p => p.Key, p => (Own(p.Value.A!), Own(p.Value.B!)), StringComparer.Ordinal);

        Tensor Own(string name)
        {
            using Tensor mapped = file.Read(name);
            return mapped.clone().DetachFromDisposeScope();
        }
    }

    // base_model.model.<path>.lora_A.weight
    private static (string Path, bool IsA)? Split(string name)
    {
        const string endA = ".lora_A.weight";
        const string endB = ".lora_B.weight";
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        return name.EndsWith(endA, StringComparison.Ordinal) ? (name[Prefix.Length..^endA.Length], true)
            : name.EndsWith(endB, StringComparison.Ordinal) ? (name[Prefix.Length..^endB.Length], false)
            : null;
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool IsTruthy(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False or JsonValueKind.Undefined => false,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Number => value.GetDouble() != 0,
        JsonValueKind.String => value.GetString() is { Length: > 0 },
        _ => true,
    };
}
