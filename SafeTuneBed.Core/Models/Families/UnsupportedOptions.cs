namespace SafeTuneBed.Models.Families;

/// <summary>Options that a configuration may set and that its recipe did not honor: each is refused by name, since ignoring it would give another model.</summary>
internal static class UnsupportedOptions
{
    private static readonly string[] Experts = ["num_local_experts", "num_experts", "n_routed_experts"];

    private static readonly string[] Switches = ["use_bidirectional_attention", "add_cross_attention", "is_encoder_decoder"];

    /// <summary>Notes what was asked for and is not in <paramref name="options"/>.</summary>
    public static void Check(ModelConfig config, DecoderOptions options)
    {
        void Refuse(bool asked, string name, string reason)
        {
            if (asked)
            {
                config.Faults.Add($"{name} is set, but {reason}");
            }
        }

        foreach (string name in Experts)
        {
            Refuse(config.Integer(name, 0, 0, 1 << 24) > 1, name, "mixtures of experts are not supported");
        }

        foreach (string name in Switches)
        {
            Refuse(config.Flag(name, false), name, "it is not supported");
        }

        string family = $"{options.Family} models have no such thing here";
        Refuse(config.Has("quantization_config"), "quantization_config", "quantized weights can't be trained or loaded here");
        Refuse(!options.QueryKeyValueBias && config.Flag("attention_bias", false), "attention_bias", family);
        Refuse(!options.MlpBias && config.Flag("mlp_bias", false), "mlp_bias", family);
        Refuse(options.AttentionCap is null && config.Has("attn_logit_softcapping"), "attn_logit_softcapping", family);
        Refuse(options.LogitCap is null && config.Has("final_logit_softcapping"), "final_logit_softcapping", family);
        Refuse(options.LocalRope is null && config.Has("rope_local_base_freq"), "rope_local_base_freq", family);
        Refuse(config.Has("clip_qkv"), "clip_qkv", "it is not supported");
        Refuse(options.SlidingLayers is null && config.Texts("layer_types")?.Distinct().Count() > 1, "layer_types", $"all layers of {options.Family} models are of one kind here");
    }
}
