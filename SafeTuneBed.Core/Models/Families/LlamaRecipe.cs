namespace SafeTuneBed.Models.Families;

/// <summary>Llama 1 to 3: grouped-query attention, RMS norms, SwiGLU, rotary positions. Defaults of absent keys are those of transformers' LlamaConfig.</summary>
internal static class LlamaRecipe
{
    private static readonly DecoderDefaults Defaults = new() { Vocabulary = 32_000, Hidden = 4096, Intermediate = 11_008, Layers = 32, Heads = 32, Context = 2048 };

    public static DecoderOptions Read(ModelConfig config)
    {
        DecoderRecipe.ExpectSilu(config);
        return (DecoderRecipe.Read(config, "llama", Defaults) with { MlpBias = config.Flag("mlp_bias", false) }).WithAttentionBias(config);
    }
}
