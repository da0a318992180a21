using System.Text.Json;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Models;

/// <summary>What <c>adapter_config.json</c> says.</summary>
/// <param name="Lora">The adapters' settings. Without any target where the file names none: then the layers found decide.</param>
/// <param name="BaseModel"><c>base_model_name_or_path</c>, or empty.</param>
/// <param name="TiesEmbeddings"><c>ensure_weight_tying</c>: what is saved of a tied embedding or head holds for both.</param>
/// <param name="Original">The file's own keys and values, sorted, for writing it again.</param>
internal sealed record PeftConfig(LoraConfig Lora, string BaseModel, bool TiesEmbeddings, JsonObject Original)
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="ModelFormatException">It can't be read, or asks for something unsupported; all of it is named.</exception>
    public static PeftConfig Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException(path, "it is not a JSON object.");
            }

            var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            foreach (JsonProperty property in root.EnumerateObject())
            {
                fields[property.Name] = property.Value; // the last of two counts, as in Python
            }

            var faults = new ModelFaults(path);
            foreach (string fault in PeftSupport.Faults(fields))
            {
                faults.Add(fault);
            }

            faults.ThrowIfAny("Supported is plain LoRA and rsLoRA, with patterns and saved modules.");
            LoraConfig lora = ReadLora(fields, faults);
            faults.ThrowIfAny("Mend the file, or save the adapter again from PEFT.");
            _ = new AdapterRules(lora); // bad patterns
            var original = new JsonObject();
            foreach ((string name, JsonElement value) in fields.OrderBy(f => f.Key, StringComparer.Ordinal))
            {
                original[name] = value.ValueKind == JsonValueKind.Null ? null : JsonNode.Parse(value.GetRawText());
            }

            return new PeftConfig(lora, Texts(fields, "base_model_name_or_path") is [var model] ? model : "", PeftSupport.IsTruthy(fields, "ensure_weight_tying"), original);
        }
        catch (ConfigurationException e)
        {
            throw new ModelFormatException(path, e.Message, e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, $"it can't be read as an adapter configuration: {e.Message}", e);
        }
    }

    private static LoraConfig ReadLora(Dictionary<string, JsonElement> fields, ModelFaults faults)
    {
        // A string is a pattern, but for one word.
        bool isText = IsText(fields, "target_modules"), excludesByText = IsText(fields, "exclude_modules");
        IReadOnlyList<string> targets = Texts(fields, "target_modules"), excluded = Texts(fields, "exclude_modules");
        bool isPattern = isText && !targets[0].Equals(AdapterRules.AllLinear, StringComparison.OrdinalIgnoreCase);
        var config = new LoraConfig
        {
            Rank = Has(fields, "r") ? fields["r"].GetInt32() : 8,
            Alpha = Has(fields, "lora_alpha") ? fields["lora_alpha"].GetDouble() : 8,
            Dropout = Has(fields, "lora_dropout") ? fields["lora_dropout"].GetDouble() : 0,
            UseRsLora = PeftSupport.IsTruthy(fields, "use_rslora"),
            TargetModules = isPattern ? [] : targets,
            TargetPattern = isPattern ? targets[0] : null,
            ExcludeModules = excludesByText || excluded.Count == 0 ? null : excluded,
            ExcludePattern = excludesByText ? excluded[0] : null,
            LayersToTransform = Numbers(fields, "layers_to_transform"),
            LayersPattern = Texts(fields, "layers_pattern") is { Count: > 0 } names ? names : null,
            RankPattern = Map(fields, "rank_pattern", v => v.GetInt32()),
            AlphaPattern = Map(fields, "alpha_pattern", v => v.GetDouble()),
            ModulesToSave = Texts(fields, "modules_to_save") is { Count: > 0 } saved ? saved : null,
        };
        foreach ((string name, int rank) in (config.RankPattern ?? new Dictionary<string, int>()).Prepend(new("r", config.Rank)))
        {
            if (rank < 1)
            {
                faults.Add($"{(name == "r" ? "r" : $"the rank of {ModelFaults.Quote(name)}")} is {rank}; it must be at least 1");
            }
        }

        return config;
    }

    private static bool Has(Dictionary<string, JsonElement> fields, string name) => fields.TryGetValue(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    private static bool IsText(Dictionary<string, JsonElement> fields, string name) => Has(fields, name) && fields[name].ValueKind == JsonValueKind.String && fields[name].GetString()!.Length > 0;

    private static IReadOnlyList<string> Texts(Dictionary<string, JsonElement> fields, string name) => !Has(fields, name) ? []
        : fields[name].ValueKind == JsonValueKind.String ? fields[name].GetString() is { Length: > 0 } text ? [text] : []
        : [.. fields[name].EnumerateArray().Select(t => t.GetString() ?? throw new FormatException($"{name} holds a null."))];

    private static IReadOnlyList<int>? Numbers(Dictionary<string, JsonElement> fields, string name) => !Has(fields, name) ? null
        : fields[name].ValueKind == JsonValueKind.Number ? [fields[name].GetInt32()]
        : fields[name].GetArrayLength() == 0 ? null : [.. fields[name].EnumerateArray().Select(n => n.GetInt32())];

    // In the file's order: of two keys that match, the first counts.
    private static OrderedDictionary<string, T>? Map<T>(Dictionary<string, JsonElement> fields, string name, Func<JsonElement, T> read)
    {
        if (!Has(fields, name))
        {
            return null;
        }

        var map = new OrderedDictionary<string, T>(StringComparer.Ordinal);
        foreach (JsonProperty item in fields[name].EnumerateObject())
        {
            map[item.Name] = read(item.Value);
        }

        return map.Count == 0 ? null : map;
    }
}
