using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Models;

/// <summary>Writes <c>adapter_config.json</c> as PEFT does: every key, sorted, indented by two.</summary>
internal static class PeftConfigWriter
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IndentSize = 2, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file's text.</summary>
    public static string ToText(JsonObject config) => config.ToJsonString(Indented);

    /// <summary>The configuration of an adapter that was trained here. Its targets are the ones given: a list, a pattern, or the word all-linear.</summary>
    public static JsonObject ToJson(LoraConfig config, string baseModel) => new()
    {
        ["alpha_pattern"] = Map(config.AlphaPattern, v => Number(v)),
        ["auto_mapping"] = null,
        ["base_model_name_or_path"] = baseModel,
        ["bias"] = "none",
        ["corda_config"] = null,
        ["eva_config"] = null,
        ["exclude_modules"] = config.ExcludePattern is { } excluded ? excluded : Texts(config.ExcludeModules),
        ["fan_in_fan_out"] = false,
        ["inference_mode"] = true,
        ["init_lora_weights"] = true,
        ["layer_replication"] = null,
        ["layers_pattern"] = Texts(config.LayersPattern),
        ["layers_to_transform"] = config.LayersToTransform is { Count: > 0 } layers ? new JsonArray([.. layers.Select(l => (JsonNode)l)]) : null,
        ["loftq_config"] = new JsonObject(),
        ["lora_alpha"] = Number(config.Alpha),
        ["lora_bias"] = false,
        ["lora_dropout"] = Number(config.Dropout, fraction: true),
        ["megatron_config"] = null,
        ["megatron_core"] = "megatron.core",
        ["modules_to_save"] = Texts(config.ModulesToSave),
        ["peft_type"] = "LORA",
        ["r"] = config.Rank,
        ["rank_pattern"] = Map(config.RankPattern, v => v),
        ["revision"] = null,
        ["target_modules"] = config.TargetPattern is { } pattern ? pattern
            : AdapterRules.IsAllLinear(config) ? AdapterRules.AllLinear // a word for PEFT only where it is no list
            : new JsonArray([.. config.TargetModules.Select(t => (JsonNode)t)]),
        ["task_type"] = "CAUSAL_LM",
        ["trainable_token_indices"] = null,
        ["use_dora"] = false,
        ["use_rslora"] = config.UseRsLora,
    };

    private static JsonArray? Texts(IReadOnlyList<string>? texts) => texts is { Count: > 0 } ? new JsonArray([.. texts.Select(t => (JsonNode)t)]) : null;

    private static JsonObject Map<T>(IReadOnlyDictionary<string, T>? map, Func<T, JsonNode> write) =>
        new((map ?? new Dictionary<string, T>()).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, (JsonNode?)write(p.Value))));

    // Python writes 8 for an int and 0.0 for a float; PEFT's alpha is usually an int, its dropout a float.
    private static JsonNode Number(double value, bool fraction = false) => !fraction && value == Math.Floor(value) && Math.Abs(value) < 1e15
        ? JsonValue.Create((long)value)
        : JsonNode.Parse(value == Math.Floor(value) ? FormattableString.Invariant($"{value:F1}") : FormattableString.Invariant($"{value:R}"))!;
}
