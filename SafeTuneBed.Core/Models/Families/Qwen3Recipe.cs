namespace SafeTuneBed.Models.Families;

/// <summary>Qwen3: Llama with norms of each query and key head, a head size of its own, and the windows of Qwen2.</summary>
internal static class Qwen3Recipe
{
    private static readonly DecoderDefaults Defaults = new()
    {
        Vocabulary = 151_936, Hidden = 4096, Intermediate = 22_016, Layers = 32, Heads = 32, KeyValueHeads = 32, HeadSize = 128, Context = 32_768,
    };

    public static DecoderOptions Read(ModelConfig config)
    {
        DecoderRecipe.ExpectSilu(config);
        DecoderOptions options = DecoderRecipe.Read(config, "qwen3", Defaults).WithAttentionBias(config);
        return Qwen2Recipe.WithQwenWindows(options with { QueryKeyNorm = QueryKeyNorm.PerHead }, config);
    }
}
