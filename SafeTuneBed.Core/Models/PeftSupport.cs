using System.Text.Json;

namespace SafeTuneBed.Models;

/// <summary>What of PEFT's <c>LoraConfig</c> (0.20) this library does. A truthy value that it does not do changes the adapter's meaning, so it is refused by name, never dropped.</summary>
internal static class PeftSupport
{
    private static readonly Dictionary<string, string> Refused = new(StringComparer.Ordinal)
    {
        ["use_dora"] = "merge the adapter in PEFT and give the merged model",
        ["lora_bias"] = "train with lora_bias false",
        ["fan_in_fan_out"] = "it is for models whose weights are stored transposed, which are not supported",
        ["layer_replication"] = "merge the adapter in PEFT and give the merged model",
        ["trainable_token_indices"] = "merge the adapter in PEFT, or train with modules_to_save",
        ["target_parameters"] = "name modules in target_modules",
        ["alora_invocation_tokens"] = "an adapter that begins to act at a token is not supported",
        ["use_qalora"] = "merge the adapter in PEFT and give the merged model",
        ["use_bdlora"] = "merge the adapter in PEFT and give the merged model",
        ["arrow_config"] = "routing between adapters is not supported",
        ["monteclora_config"] = "train without it",
        ["velora_config"] = "train without it",
        ["megatron_config"] = "convert the adapter to the Hugging Face model",
        ["loftq_config"] = ChangedBase,
        ["corda_config"] = ChangedBase,
        ["lora_ga_config"] = ChangedBase,
    };

    // These say how training began, where it was run or what wrote the file; factors that are there mean the same without them.
    private static readonly string[] Harmless =
        ["auto_mapping", "ensure_weight_tying", "eva_config", "inference_mode", "megatron_core", "peft_version", "qalora_group_size", "revision", "runtime_config", "use_rslora"];

    private const string ChangedBase =
        "it changed the base weights before training; save the adapter with path_initial_model_for_weight_conversion, or merge it in PEFT and give the merged model";

    /// <summary>Each thing that a configuration asks for and that is not supported, with what to do.</summary>
    public static IEnumerable<string> Faults(IReadOnlyDictionary<string, JsonElement> fields)
    {
        if (Text(fields, "peft_type") is var kind and not "LORA")
        {
            yield return $"peft_type is {ModelFaults.Quote(kind ?? "absent")}; only LORA is supported";
        }

        if (Text(fields, "task_type") is { } task && task != "CAUSAL_LM")
        {
            yield return $"task_type is {ModelFaults.Quote(task)}; only CAUSAL_LM is supported";
        }

        if (Text(fields, "bias") is { } bias && bias != "none")
        {
            yield return $"bias is {ModelFaults.Quote(bias)}, which is not supported: train with bias none";
        }

        if (Text(fields, "init_lora_weights") is { } start && start is not ("gaussian" or "eva" or "orthogonal"))
        {
            yield return $"init_lora_weights is {ModelFaults.Quote(start)}, which is not supported: {ChangedBase}";
        }

        foreach (string name in fields.Keys.Order(StringComparer.Ordinal).Where(n => IsTruthy(fields, n)))
        {
            if (Refused.TryGetValue(name, out string? remedy))
            {
                yield return $"the adapter uses {name}, which is not supported: {remedy}";
            }
            else if ((name.StartsWith("use_", StringComparison.Ordinal) || name.EndsWith("_config", StringComparison.Ordinal)) && !Harmless.Contains(name))
            {
                yield return $"the adapter uses {ModelFaults.Quote(name)}, which is not known here, so what it does would be lost";
            }
        }
    }

    /// <summary>Python's truth of a value; false where there is none.</summary>
    public static bool IsTruthy(IReadOnlyDictionary<string, JsonElement> fields, string name) => fields.TryGetValue(name, out JsonElement value) && value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False or JsonValueKind.Undefined => false,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Number => value.GetDouble() != 0,
        JsonValueKind.String => value.GetString() is { Length: > 0 },
        _ => true,
    };

    private static string? Text(IReadOnlyDictionary<string, JsonElement> fields, string name) =>
        fields.TryGetValue(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
