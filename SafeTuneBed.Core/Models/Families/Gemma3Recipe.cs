namespace SafeTuneBed.Models.Families;

/// <summary>
/// Gemma 3, the text part: Gemma 2 without the attention cap but with norms of each query and key head. Five of six layers have a window and turn positions
/// on a base of their own; the others see everything, on a larger base, which may be scaled.
/// </summary>
internal static class Gemma3Recipe
{
    private const double GlobalTheta = 1_000_000;
    private const double LocalTheta = 10_000;

    private static readonly DecoderDefaults Defaults = new()
    {
        Vocabulary = 262_208, Hidden = 2304, Intermediate = 9216, Layers = 26, Heads = 8, KeyValueHeads = 4, HeadSize = 256, Context = 131_072, Tied = true,
    };

    /// <summary>A text model, <c>gemma3_text</c>.</summary>
    public static DecoderOptions Read(ModelConfig config)
    {
        GemmaRecipe.ExpectTanhGelu(config, config.Text("hidden_activation") ?? GemmaRecipe.TanhGelu);
        RopeOptions? local = null;
        RopeOptions Rope(int headSize, RopeShape shape)
        {
            ModelConfig? parameters = config.Section("rope_parameters");
            ModelConfig? inGlobal = parameters is null ? config.Section("rope_scaling") : parameters.Section("full_attention");
            local = RopeRecipe.Read(config, parameters?.Section("sliding_attention"), config.Number("rope_local_base_freq", LocalTheta, 0), shape);
            return RopeRecipe.Read(config, inGlobal, config.Number("rope_theta", GlobalTheta, 0), shape);
        }

        DecoderOptions options = GemmaRecipe.WithGemma(DecoderRecipe.Read(config, "gemma3", Defaults, Rope), config) with
        {
            NormPlacement = NormPlacement.BeforeAndAfter,
            QueryKeyNorm = QueryKeyNorm.PerHead,
            LogitCap = config.OptionalNumber("final_logit_softcapping", null),
            LocalRope = local,
            Roots = ["model.", "language_model.model.", "model.language_model."],
        };
        string pattern = config.Has("sliding_window_pattern") ? "sliding_window_pattern" : "_sliding_window_pattern";
        int every = config.Integer(pattern, 6, 1, 10_000);
        return Gemma2Recipe.WithQueryScale(options, config).WithWindows(config, config.Size("sliding_window", 4096, 1 << 30), i => (i + 1) % every != 0);
    }

    /// <summary>The text part of a model that also sees, <c>gemma3</c>.</summary>
    public static DecoderOptions ReadPart(ModelConfig config)
    {
        if (config.Section("text_config") is not { } text)
        {
            config.Faults.Add("text_config is absent");
            return Read(config);
        }

        DecoderOptions options = Read(text);
        return options with
        {
            TieWordEmbeddings = text.Has("tie_word_embeddings") ? options.TieWordEmbeddings : config.Flag("tie_word_embeddings", true),
            Roots = ["language_model.model.", "model.language_model.", "model."],
            ForeignWeights = ["vision_tower.", "multi_modal_projector.", "model.vision_tower.", "model.multi_modal_projector."],
        };
    }
}
