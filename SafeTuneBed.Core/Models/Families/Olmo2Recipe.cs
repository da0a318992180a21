namespace SafeTuneBed.Models.Families;

/// <summary>OLMo 2: Llama with norms after each part instead of before, and norms of queries and keys over all their heads.</summary>
internal static class Olmo2Recipe
{
    private static readonly DecoderDefaults Defaults = new()
    {
        Vocabulary = 50_304, Hidden = 4096, Intermediate = 11_008, Layers = 32, Heads = 32, Context = 2048, Epsilon = 1e-5,
    };

    public static DecoderOptions Read(ModelConfig config)
    {
        DecoderRecipe.ExpectSilu(config);
        return (DecoderRecipe.Read(config, "olmo2", Defaults) with
        {
            NormPlacement = NormPlacement.After,
            NormWeighting = NormWeighting.BeforeRounding,
            QueryKeyNorm = QueryKeyNorm.WholeWidth,
        }).WithAttentionBias(config);
    }
}
