namespace SafeTuneBed.Models.Families;

/// <summary>Gemma 1: Llama with embeddings times sqrt(D), norms that weight with 1 + w, a tanh-GELU gate, its own head size and a tied head.</summary>
internal static class GemmaRecipe
{
    public const string TanhGelu = "gelu_pytorch_tanh";

    private static readonly DecoderDefaults Defaults = new()
    {
        Vocabulary = 256_000, Hidden = 3072, Intermediate = 24_576, Layers = 28, Heads = 16, KeyValueHeads = 16, HeadSize = 256, Context = 8192, Tied = true,
    };

    public static DecoderOptions Read(ModelConfig config)
    {
        // The first files said "gelu" in hidden_act, by mistake: the models were trained with the tanh form, and transformers takes it.
        string activation = config.Text("hidden_activation") ?? config.Text("hidden_act") ?? TanhGelu;
        ExpectTanhGelu(config, activation == "gelu" && !config.Has("hidden_activation") ? TanhGelu : activation);
        return WithGemma(DecoderRecipe.Read(config, "gemma", Defaults), config);
    }

    /// <summary>What all Gemmas share.</summary>
    public static DecoderOptions WithGemma(DecoderOptions options, ModelConfig config) => (options with
    {
        EmbeddingScale = Math.Sqrt(options.HiddenSize),
        NormWeighting = NormWeighting.OnePlus,
        Activation = GateActivation.GeluTanh,
    }).WithAttentionBias(config);

    public static void ExpectTanhGelu(ModelConfig config, string activation)
    {
        if (activation != TanhGelu)
        {
            config.Faults.Add($"the activation is {ModelFaults.Quote(activation)}, known is {TanhGelu}");
        }
    }
}
