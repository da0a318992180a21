namespace SafeTuneBed.Models.Families;

/// <summary>Phi-3, 3.5 and 4: Llama with fused projections, positions that may turn a part of each head only, longrope, and a window, if any, in every layer.</summary>
internal static class Phi3Recipe
{
    private static readonly DecoderDefaults Defaults = new()
    {
        Vocabulary = 32_064, Hidden = 3072, Intermediate = 8192, Layers = 32, Heads = 32, Context = 4096, Epsilon = 1e-5,
    };

    public static DecoderOptions Read(ModelConfig config)
    {
        DecoderRecipe.ExpectSilu(config);
        RopeOptions Rope(int headSize, RopeShape shape)
            => RopeRecipe.Read(config, Defaults.Theta, shape with { AllowsPart = true, LongRopeAliases = ["su", "yarn"], OriginalContextLength = 4096 });
        return DecoderRecipe.Read(config, "phi3", Defaults, Rope) with { FusedProjections = true, SlidingWindow = DecoderRecipe.Window(config, null) };
    }
}
