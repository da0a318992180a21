namespace SafeTuneBed.Models.Families;

/// <summary>Gemma 2: Gemma with norms before and after each part, soft caps, a scale of queries of its own, and a window in every other layer, the first included.</summary>
internal static class Gemma2Recipe
{
    private static readonly DecoderDefaults Defaults = new()
    {
        Vocabulary = 256_000, Hidden = 2304, Intermediate = 9216, Layers = 26, Heads = 8, KeyValueHeads = 4, HeadSize = 256, Context = 8192, Tied = true,
    };

    public static DecoderOptions Read(ModelConfig config)
    {
        GemmaRecipe.ExpectTanhGelu(config, config.Text("hidden_activation") ?? GemmaRecipe.TanhGelu);
        DecoderOptions options = GemmaRecipe.WithGemma(DecoderRecipe.Read(config, "gemma2", Defaults), config) with
        {
            NormPlacement = NormPlacement.BeforeAndAfter,
            AttentionCap = config.OptionalNumber("attn_logit_softcapping", 50),
            LogitCap = config.OptionalNumber("final_logit_softcapping", 30),
        };
        return WithQueryScale(options, config).WithWindows(config, DecoderRecipe.Window(config, 4096), i => i % 2 == 0);
    }

    /// <summary>Queries are divided by the root of <c>query_pre_attn_scalar</c>, which need not be the head size.</summary>
    public static DecoderOptions WithQueryScale(DecoderOptions options, ModelConfig config)
    {
        double divisor = config.Number("query_pre_attn_scalar", 256, 0);
        return options with { QueryScale = divisor == options.HeadSize ? null : 1 / Math.Sqrt(divisor) };
    }
}
