namespace SafeTuneBed.Tests.Core.Models.Families;

/// <summary>Tiny models of every family. Keys that a file leaves out, and what they then mean, are part of the test.</summary>
internal static class FamilySpecs
{
    /// <summary>Stands in the configurations below where they say <c>SIZES</c>.</summary>
    public const string Sizes = """
        "vocab_size": 31, "hidden_size": 12, "intermediate_size": 18, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64, "eos_token_id": 2
        """;

    private static readonly string?[] GemmaNorms = ["input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"];

    private static readonly string?[] OlmoNorms = [null, "post_attention_layernorm", null, "post_feedforward_layernorm"];

    private static readonly double[] ShortFactors = [1, 1.2, 1.5, 2], LongFactors = [1.3, 2, 4, 9];

    public static IReadOnlyList<FamilySpec> All { get; } =
    [
        new("mistral", """{"architectures": ["MistralForCausalLM"], SIZES, "head_dim": 8, "sliding_window": 5}""")
        {
            Angles = (_, _) => Turning.Plain(10_000, 8), Window = _ => 5,
        },
        new("mistral without window", """{"architectures": ["MistralForCausalLM"], SIZES, "sliding_window": null, "rope_parameters": {"rope_theta": 777.0, "rope_type": "default"}, "rms_norm_eps": 1e-3}""")
        {
            HeadSize = 3 * 4 / 2, Hidden = 24, Angles = (_, _) => Turning.Plain(777, 6), Epsilon = 1e-3, Seed = 2,
        },
        new("qwen2 with windows and yarn", """{"architectures": ["Qwen2ForCausalLM"], SIZES, "head_dim": 8, "use_sliding_window": true, "sliding_window": 4, "max_window_layers": 1, "rope_theta": 100.0, "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 200}, "tie_word_embeddings": true}""")
        {
            QueryKeyValueBias = true, Head = null, Window = layer => layer >= 1 ? 4 : null, Seed = 3,
            Angles = (_, _) => Turning.Yarn(100, 8, 4, 200), TurnFactor = (0.1 * Math.Log(4)) + 1,
        },
        new("qwen2 with a window that is off", """{"architectures": ["Qwen2ForCausalLM"], SIZES, "head_dim": 8, "sliding_window": 2, "max_window_layers": 0}""")
        {
            QueryKeyValueBias = true, Angles = (_, _) => Turning.Plain(10_000, 8), Seed = 4,
        },
        new("qwen3 with biases and layer types", """{"architectures": ["Qwen3ForCausalLM"], SIZES, "head_dim": 8, "attention_bias": true, "use_sliding_window": true, "sliding_window": 3, "layer_types": ["sliding_attention", "full_attention", "sliding_attention"], "rope_parameters": {"rope_theta": 50.0, "rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 100, "beta_fast": 8, "beta_slow": 2, "truncate": false, "attention_factor": 1.25}}""")
        {
            QueryKeyValueBias = true, OutputBias = true, QueryKeyNorm = (8, 8), Window = layer => layer == 1 ? null : 3, Seed = 5,
            Angles = (_, _) => Turning.Yarn(50, 8, 2, 100, 8, 2, rounded: false), TurnFactor = 1.25,
        },
        new("gemma of the first files", """{"architectures": ["GemmaForCausalLM"], SIZES, "head_dim": 8, "hidden_act": "gelu"}""")
        {
            EmbeddingScale = Math.Sqrt(12), NormOffset = 1, Gelu = true, Head = null, Angles = (_, _) => Turning.Plain(10_000, 8), Seed = 6,
        },
        new("gemma2", """{"architectures": ["Gemma2ForCausalLM"], SIZES, "head_dim": 8, "sliding_window": 3, "query_pre_attn_scalar": 5, "attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0, "rope_theta": 5000.0}""")
        {
            EmbeddingScale = Math.Sqrt(12), NormOffset = 1, Gelu = true, Head = null, Norms = GemmaNorms, Seed = 7,
            Scale = 1 / Math.Sqrt(5), AttentionCap = 2, LogitCap = 3, Window = layer => layer == 1 ? null : 3, Angles = (_, _) => Turning.Plain(5000, 8),
        },
        new("gemma2 with defaults", """{"architectures": ["Gemma2ForCausalLM"], SIZES, "head_dim": 8, "attention_bias": true, "tie_word_embeddings": false}""")
        {
            EmbeddingScale = Math.Sqrt(12), NormOffset = 1, Gelu = true, Norms = GemmaNorms, Seed = 8, QueryKeyValueBias = true, OutputBias = true,
            Scale = 1.0 / 16, AttentionCap = 50, LogitCap = 30, Angles = (_, _) => Turning.Plain(10_000, 8),
        },
        new("gemma3 text", """{"architectures": ["Gemma3ForCausalLM"], SIZES, "head_dim": 8, "sliding_window": 4, "sliding_window_pattern": 3, "query_pre_attn_scalar": 8, "rope_scaling": {"rope_type": "linear", "factor": 8.0}}""")
        {
            EmbeddingScale = Math.Sqrt(12), NormOffset = 1, Gelu = true, Head = null, Norms = GemmaNorms, QueryKeyNorm = (8, 8), Seed = 9,
            Window = layer => layer == 2 ? null : 4, Angles = (layer, _) => layer == 2 ? Turning.Linear(1e6, 8, 8) : Turning.Plain(1e4, 8),
        },
        new("gemma3 with eyes", """{"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "vision_config": {"hidden_size": 99}, "text_config": {SIZES, "head_dim": 8, "sliding_window": 3, "query_pre_attn_scalar": 4, "final_logit_softcapping": 6.0, "layer_types": ["full_attention", "sliding_attention", "sliding_attention"], "rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 2.0, "rope_theta": 400.0}, "sliding_attention": {"rope_type": "default", "rope_theta": 30.0}}}}""")
        {
            EmbeddingScale = Math.Sqrt(12), NormOffset = 1, Gelu = true, Head = null, Norms = GemmaNorms, QueryKeyNorm = (8, 8), Scale = 0.5, LogitCap = 6, Seed = 10,
            Root = "language_model.model.", Foreign = ["vision_tower.embeddings.weight", "multi_modal_projector.weight"],
            Window = layer => layer == 0 ? null : 3, Angles = (layer, _) => layer == 0 ? Turning.Linear(400, 8, 2) : Turning.Plain(30, 8),
        },
        new("phi3 with a partial turn", """{"architectures": ["Phi3ForCausalLM"], SIZES, "head_dim": 8, "partial_rotary_factor": 0.75, "sliding_window": 6}""")
        {
            Fused = true, Epsilon = 1e-5, Window = _ => 6, Angles = (_, _) => Turning.Plain(10_000, 6), Seed = 11,
        },
        new("phi3 with longrope", """{"architectures": ["Phi3ForCausalLM"], SIZES, "head_dim": 8, "original_max_position_embeddings": 12, "rope_scaling": {"type": "su", "short_factor": [1, 1.2, 1.5, 2], "long_factor": [1.3, 2, 4, 9]}}""")
        {
            Fused = true, Epsilon = 1e-5, Seed = 12, TurnFactor = Math.Sqrt(1 + (Math.Log(64.0 / 12) / Math.Log(12))),
            Angles = (_, length) => Turning.Divided(10_000, 8, length > 12 ? LongFactors : ShortFactors),
        },
        new("olmo2", """{"architectures": ["Olmo2ForCausalLM"], SIZES, "head_dim": 8, "rope_theta": 500000.0}""")
        {
            Norms = OlmoNorms, QueryKeyNorm = (32, 16), Epsilon = 1e-5, Angles = (_, _) => Turning.Plain(500_000, 8), Seed = 13,
        },
        new("olmo2 with biases", """{"model_type": "olmo2", SIZES, "head_dim": 8, "attention_bias": true, "rms_norm_eps": 1e-4, "rope_scaling": {"rope_type": "linear", "factor": 3.0}}""")
        {
            Norms = OlmoNorms, QueryKeyNorm = (32, 16), Epsilon = 1e-4, QueryKeyValueBias = true, OutputBias = true, Angles = (_, _) => Turning.Linear(10_000, 8, 3), Seed = 14,
        },
    ];

    /// <summary>The names of all, for theories.</summary>
    public static TheoryData<string> Names() => new(All.Select(s => s.Name));

    public static FamilySpec Get(string name) => All.Single(s => s.Name == name);
}
