namespace SafeTuneBed.Models.Families;

/// <summary>The families that can be loaded. A new one is a recipe and one line here.</summary>
internal static class ModelFamilies
{
    private static readonly Dictionary<string, Func<ModelConfig, DecoderOptions>> Recipes = new(StringComparer.Ordinal)
    {
        ["LlamaForCausalLM"] = LlamaRecipe.Read,
        ["MistralForCausalLM"] = MistralRecipe.Read,
        ["Qwen2ForCausalLM"] = Qwen2Recipe.Read,
        ["Qwen3ForCausalLM"] = Qwen3Recipe.Read,
        ["GemmaForCausalLM"] = GemmaRecipe.Read,
        ["Gemma2ForCausalLM"] = Gemma2Recipe.Read,
        ["Gemma3ForCausalLM"] = Gemma3Recipe.Read,
        ["Gemma3ForConditionalGeneration"] = Gemma3Recipe.ReadPart,
        ["Phi3ForCausalLM"] = Phi3Recipe.Read,
        ["Olmo2ForCausalLM"] = Olmo2Recipe.Read,
    };

    // Configurations that were saved without architectures name only the type.
    private static readonly Dictionary<string, string> ArchitectureOfType = new(StringComparer.Ordinal)
    {
        ["llama"] = "LlamaForCausalLM",
        ["mistral"] = "MistralForCausalLM",
        ["qwen2"] = "Qwen2ForCausalLM",
        ["qwen3"] = "Qwen3ForCausalLM",
        ["gemma"] = "GemmaForCausalLM",
        ["gemma2"] = "Gemma2ForCausalLM",
        ["gemma3_text"] = "Gemma3ForCausalLM",
        ["gemma3"] = "Gemma3ForConditionalGeneration",
        ["phi3"] = "Phi3ForCausalLM",
        ["olmo2"] = "Olmo2ForCausalLM",
    };

    /// <summary>Architectures that can be loaded, as <c>config.json</c> names them.</summary>
    public static IReadOnlyCollection<string> Known => Recipes.Keys;

    /// <summary>Describes the decoder of a model folder.</summary>
    /// <exception cref="ModelFormatException">The configuration is missing, damaged, of an unknown architecture, or asks for something that is not supported.</exception>
    public static DecoderOptions Describe(string folder)
    {
        ModelConfig config = ModelConfig.Read(folder);
        string? architecture = config.FirstText("architectures");
        if (architecture is null && config.Text("model_type") is { } type)
        {
            architecture = ArchitectureOfType.GetValueOrDefault(type, type);
        }

        if (architecture is null || !Recipes.TryGetValue(architecture, out Func<ModelConfig, DecoderOptions>? recipe))
        {
            string shown = architecture is null ? "is not given" : $"is {ModelFaults.Quote(architecture)}, which is not supported";
            throw new ModelFormatException(Path.Combine(folder, ModelConfig.FileName), $"The architecture {shown}. Known are: {string.Join(", ", Known.Order(StringComparer.Ordinal))}.");
        }

        DecoderOptions options = recipe(config);
        UnsupportedOptions.Check(config, options);
        if (config.Section("text_config") is { } text)
        {
            UnsupportedOptions.Check(text, options);
        }

        config.Faults.ThrowIfAny("Use the configuration that the model was published with, or a supported model.");
        return options;
    }
}
