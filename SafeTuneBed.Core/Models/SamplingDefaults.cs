using System.Text.Json;

namespace SafeTuneBed.Models;

/// <summary>How a model's <c>generation_config.json</c> wants it to be decoded. What is absent has transformers' default: greedy, and in sampling the 50 likeliest tokens.</summary>
internal sealed record SamplingDefaults
{
    private const int DefaultTopK = 50;

    // What says nothing about which token comes next: ids read elsewhere, limits that the caller sets, outputs, caches, and ways to the same result.
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id", "transformers_version", "max_length", "max_new_tokens", "use_cache",
        "cache_implementation", "cache_config", "return_legacy_cache", "return_dict_in_generate", "output_attentions", "output_hidden_states", "output_scores",
        "output_logits", "early_stopping", "length_penalty", "low_memory", "disable_compile", "compile_config", "prefill_chunk_size", "is_assistant",
        "num_assistant_tokens", "num_assistant_tokens_schedule", "assistant_confidence_threshold", "assistant_early_exit", "assistant_lookbehind",
        "target_lookbehind", "prompt_lookup_num_tokens", "max_matching_ngram_size", "chat_format", "max_window_size", "trust_remote_code",
    };

    private static readonly HashSet<string> Honored = new(StringComparer.Ordinal) { "do_sample", "temperature", "top_p", "top_k", "repetition_penalty", "stop_strings" };

    private static readonly HashSet<string> SamplingOnly = new(StringComparer.Ordinal) { "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff", "top_h" };

    private static readonly Dictionary<string, double> Neutral = new(StringComparer.Ordinal)
    {
        ["typical_p"] = 1, ["encoder_repetition_penalty"] = 1, ["num_beams"] = 1, ["num_beam_groups"] = 1, ["num_return_sequences"] = 1, ["guidance_scale"] = 1,
    };

    public double Temperature { get; init; }

    public double TopP { get; init; } = 1;

    public int TopK { get; init; }

    public double RepetitionPenalty { get; init; } = 1;

    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Reads the settings of a file.</summary>
    /// <exception cref="ModelFormatException">Fields are unsupported or out of range; all are named.</exception>
    public static SamplingDefaults Read(string path, JsonElement settings)
    {
        var faults = new ModelFaults(path);
        bool samples = settings.TryGetProperty("do_sample", out JsonElement flag) && IsOn(flag);
        foreach (JsonProperty field in settings.EnumerateObject())
        {
            bool isIdle = !samples && SamplingOnly.Contains(field.Name);
            bool isNeutral = Neutral.TryGetValue(field.Name, out double neutral) && field.Value.ValueKind == JsonValueKind.Number && field.Value.GetDouble() == neutral;
            if (!field.Name.StartsWith('_') && !Harmless.Contains(field.Name) && !Honored.Contains(field.Name) && IsOn(field.Value) && !isIdle && !isNeutral)
            {
                faults.Add($"{ModelFaults.Quote(field.Name)} is {ModelFaults.Quote(field.Value.GetRawText())}, which is not supported");
            }
        }

        double Number(string name, double absent, double off, Func<double, bool> holds, string range)
        {
            if (!settings.TryGetProperty(name, out JsonElement value))
            {
                return absent;
            }

            if (value.ValueKind == JsonValueKind.Null)
            {
                return off;
            }

            if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && holds(number))
            {
                return number;
            }

            faults.Add($"{name} is {ModelFaults.Quote(value.GetRawText())}, needed is {range}");
            return off;
        }

        var defaults = new SamplingDefaults
        {
            RepetitionPenalty = Number("repetition_penalty", 1, 1, v => v > 0 && double.IsFinite(v), "a number above 0"),
            StopStrings = Texts(settings, faults),
        };
        if (samples)
        {
            defaults = defaults with
            {
                Temperature = Number("temperature", 1, 1, v => v > 0 && double.IsFinite(v), "a number above 0"),
                TopP = Number("top_p", 1, 1, v => v is > 0 and <= 1, "above 0 and at most 1"),
                TopK = (int)Number("top_k", DefaultTopK, 0, v => v is >= 0 and <= int.MaxValue && v == Math.Floor(v), "a whole number, 0 for all"),
            };
        }

        faults.ThrowIfAny("Set temperature, top-p and the like yourself instead of asking for the model's own defaults.");
        return defaults;
    }

    private static string[] Texts(JsonElement settings, ModelFaults faults)
    {
        if (!settings.TryGetProperty("stop_strings", out JsonElement value) || !IsOn(value))
        {
            return [];
        }

        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        if (Array.TrueForAll(items, i => i.ValueKind == JsonValueKind.String && i.GetString()!.Length > 0))
        {
            return [.. items.Select(i => i.GetString()!)];
        }

        faults.Add($"stop_strings is {ModelFaults.Quote(value.GetRawText())}, needed is a text or a list of texts");
        return [];
    }

    // As Python sees it: null, false, 0 and what is empty are off.
    private static bool IsOn(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False or JsonValueKind.Undefined => false,
        JsonValueKind.Number => value.GetDouble() != 0,
        JsonValueKind.String => value.GetString()!.Length > 0,
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        _ => true,
    };
}
