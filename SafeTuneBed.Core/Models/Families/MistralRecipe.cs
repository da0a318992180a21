namespace SafeTuneBed.Models.Families;

/// <summary>Mistral (Jiang et al. 2023): Llama with a sliding window in every layer, unless the file sets it to null.</summary>
internal static class MistralRecipe
{
    private static readonly DecoderDefaults Defaults = new()
    {
        Vocabulary = 32_000, Hidden = 4096, Intermediate = 14_336, Layers = 32, Heads = 32, KeyValueHeads = 8, Context = 131_072,
    };

    public static DecoderOptions Read(ModelConfig config)
    {
        DecoderRecipe.ExpectSilu(config);
        return DecoderRecipe.Read(config, "mistral", Defaults) with { SlidingWindow = DecoderRecipe.Window(config, 4096) };
    }
}
