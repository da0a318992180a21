namespace SafeTuneBed.Models.Families;

/// <summary>Qwen2 and 2.5: Llama with biases on q, k and v; a window, if it is switched on, in the layers from <c>max_window_layers</c> on.</summary>
internal static class Qwen2Recipe
{
    private static readonly DecoderDefaults Defaults = new()
    {
        Vocabulary = 151_936, Hidden = 4096, Intermediate = 22_016, Layers = 32, Heads = 32, KeyValueHeads = 32, Context = 32_768,
    };

    public static DecoderOptions Read(ModelConfig config)
    {
        DecoderRecipe.ExpectSilu(config);
        return WithQwenWindows(DecoderRecipe.Read(config, "qwen2", Defaults) with { QueryKeyValueBias = true }, config);
    }

    /// <summary>The windows of Qwen2 and 3: <c>sliding_window</c> counts only where <c>use_sliding_window</c> is set.</summary>
    public static DecoderOptions WithQwenWindows(DecoderOptions options, ModelConfig config)
    {
        int full = config.Integer("max_window_layers", 28, 0, 1 << 24);
        return options.WithWindows(config, config.Flag("use_sliding_window", false) ? DecoderRecipe.Window(config, 4096) : null, i => i >= full);
    }
}
