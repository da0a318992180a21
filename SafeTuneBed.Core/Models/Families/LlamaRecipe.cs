namespace SafeTuneBed.Models.Families;

/// <summary>Llama 1 to 3: grouped-query attention, RMS norms, SwiGLU, rotary positions. Defaults of absent keys are those of transformers' LlamaConfig.</summary>
internal static class LlamaRecipe
{
    private const int Large = 1 << 24;

    public static DecoderOptions Read(ModelConfig config)
    {
        int hidden = config.Integer("hidden_size", null, 1, Large);
        int heads = config.Integer("num_attention_heads", null, 1, 1 << 16);
        int groups = config.Integer("num_key_value_heads", heads, 1, 1 << 16);
        if (heads % groups != 0)
        {
            config.Faults.Add($"num_attention_heads {heads} is no multiple of num_key_value_heads {groups}");
        }

        if (!config.Has("head_dim") && hidden % heads != 0)
        {
            config.Faults.Add($"head_dim is absent and hidden_size {hidden} is no multiple of num_attention_heads {heads}");
        }

        int headSize = config.Integer("head_dim", hidden / heads, 1, 1 << 16);
        if (headSize % 2 != 0)
        {
            config.Faults.Add($"the head size {headSize} is odd, but rotary positions turn pairs");
        }

        if (config.Text("hidden_act") is { } activation and not ("silu" or "swish"))
        {
            config.Faults.Add($"hidden_act is {ModelFaults.Quote(activation)}, known is silu");
        }

        bool attentionBias = config.Flag("attention_bias", false);
        return new DecoderOptions
        {
            Family = "llama",
            VocabularySize = config.Integer("vocab_size", null, 1, Large),
            HiddenSize = hidden,
            IntermediateSize = config.Integer("intermediate_size", null, 1, Large),
            LayerCount = config.Integer("num_hidden_layers", null, 1, 10_000),
            HeadCount = heads,
            KeyValueHeadCount = groups,
            HeadSize = headSize,
            ContextLength = config.Integer("max_position_embeddings", 2048, 1, 1 << 30),
            NormEpsilon = config.Number("rms_norm_eps", 1e-6, 0),
            Rope = RopeRecipe.Read(config, 10_000),
            QueryKeyValueBias = attentionBias,
            AttentionOutputBias = attentionBias,
            MlpBias = config.Flag("mlp_bias", false),
            TieWordEmbeddings = config.Flag("tie_word_embeddings", false),
        };
    }
}
