namespace SafeTuneBed.Models.Families;

/// <summary>What all families' configurations have in common, which is what Llama has; a family's recipe changes the rest.</summary>
internal static class DecoderRecipe
{
    private const int Large = 1 << 24;
    private const int MostPositions = 1 << 30;
    private const string Sliding = "sliding_attention";
    private const string FullAttention = "full_attention";

    /// <summary>The common part: sizes, norms' epsilon, rotary positions, tied head. Without biases and windows, with a silu gate.</summary>
    public static DecoderOptions Read(ModelConfig config, string family, DecoderDefaults defaults, Func<int, RopeShape, RopeOptions>? rope = null)
    {
        int hidden = config.Size("hidden_size", defaults.Hidden, Large);
        int heads = config.Size("num_attention_heads", defaults.Heads, 1 << 16);
        int groups = config.OptionalSize("num_key_value_heads", defaults.KeyValueHeads, 1 << 16) ?? heads;
        if (heads % groups != 0)
        {
            config.Faults.Add($"num_attention_heads {heads} is no multiple of num_key_value_heads {groups}");
        }

        if (!config.Has("head_dim") && defaults.HeadSize is null && hidden % heads != 0)
        {
            config.Faults.Add($"head_dim is absent and hidden_size {hidden} is no multiple of num_attention_heads {heads}");
        }

        int headSize = config.Integer("head_dim", defaults.HeadSize ?? Math.Max(1, hidden / heads), 1, 1 << 16);
        int context = config.Size("max_position_embeddings", defaults.Context, MostPositions);
        var shape = new RopeShape(headSize, context);
        RopeOptions turns = rope is null ? RopeRecipe.Read(config, defaults.Theta, shape) : rope(headSize, shape);
        if (turns.RotarySize(headSize) is var turned && (turned % 2 != 0 || turned == 0))
        {
            config.Faults.Add(turned == headSize ? $"the head size {headSize} is odd, but rotary positions turn pairs" : $"{turned} coordinates of a head are to be turned, but rotary positions turn pairs");
        }

        return new DecoderOptions
        {
            Family = family,
            VocabularySize = config.Size("vocab_size", defaults.Vocabulary, Large),
            HiddenSize = hidden,
            IntermediateSize = config.Size("intermediate_size", defaults.Intermediate, Large),
            LayerCount = config.Size("num_hidden_layers", defaults.Layers, 10_000),
            HeadCount = heads,
            KeyValueHeadCount = groups,
            HeadSize = headSize,
            ContextLength = context,
            NormEpsilon = config.Number("rms_norm_eps", defaults.Epsilon, 0),
            Rope = turns,
            TieWordEmbeddings = config.Flag("tie_word_embeddings", defaults.Tied),
        };
    }

    /// <summary>Checks that the gate is silu, under the key that the families with it use.</summary>
    public static void ExpectSilu(ModelConfig config)
    {
        if (config.Text("hidden_act") is { } activation and not ("silu" or "swish"))
        {
            config.Faults.Add($"hidden_act is {ModelFaults.Quote(activation)}, known is silu");
        }
    }

    /// <summary>The same decoder with biases on all four attention projections, where <c>attention_bias</c> says so.</summary>
    public static DecoderOptions WithAttentionBias(this DecoderOptions options, ModelConfig config)
    {
        bool bias = config.Flag("attention_bias", false);
        return options with { QueryKeyValueBias = bias, AttentionOutputBias = bias };
    }

    /// <summary>The same decoder with a sliding window in the layers that <c>layer_types</c> names, or where it is absent a rule.</summary>
    /// <param name="options">The decoder.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="window">Tokens that are seen; null for no window.</param>
    /// <param name="slides">Whether a layer has the window.</param>
    public static DecoderOptions WithWindows(this DecoderOptions options, ModelConfig config, int? window, Func<int, bool> slides)
    {
        bool[] sliding = [.. Enumerable.Range(0, options.LayerCount).Select(i => window is not null && slides(i))];
        if (config.Texts("layer_types") is { } types)
        {
            sliding = [.. types.Select(t => t == Sliding)];
            if (types.Count != options.LayerCount || types.Any(t => t is not (Sliding or FullAttention)))
            {
                config.Faults.Add($"layer_types is [{string.Join(", ", types.Select(ModelFaults.Quote))}], needed are {options.LayerCount} of {FullAttention} and {Sliding}");
                return options;
            }

            if (window is null && sliding.Contains(true))
            {
                config.Faults.Add("layer_types names layers with sliding attention, but there is no sliding window");
            }
        }

        return sliding.Contains(true) ? options with { SlidingWindow = window, SlidingLayers = sliding } : options;
    }

    /// <summary>The sliding window of a configuration.</summary>
    public static int? Window(ModelConfig config, int? fallback) => config.OptionalSize("sliding_window", fallback, MostPositions);
}
