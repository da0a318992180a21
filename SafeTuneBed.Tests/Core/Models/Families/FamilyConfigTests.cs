using System.Text.Json.Nodes;
using SafeTuneBed.Models;
using SafeTuneBed.Models.Families;

namespace SafeTuneBed.Tests.Core.Models.Families;

/// <summary>What configurations mean that say little, and which ones are refused.</summary>
public sealed class FamilyConfigTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("family-config-");

    // By hand from the configuration classes of transformers.
    [Theory]
    [InlineData("LlamaForCausalLM", 32000, 4096, 11008, 32, 32, 32, 128, 2048, 1e-6, 1e4, false, null)]
    [InlineData("MistralForCausalLM", 32000, 4096, 14336, 32, 32, 8, 128, 131072, 1e-6, 1e4, false, 4096)]
    [InlineData("Qwen2ForCausalLM", 151936, 4096, 22016, 32, 32, 32, 128, 32768, 1e-6, 1e4, false, null)]
    [InlineData("Qwen3ForCausalLM", 151936, 4096, 22016, 32, 32, 32, 128, 32768, 1e-6, 1e4, false, null)]
    [InlineData("GemmaForCausalLM", 256000, 3072, 24576, 28, 16, 16, 256, 8192, 1e-6, 1e4, true, null)]
    [InlineData("Gemma2ForCausalLM", 256000, 2304, 9216, 26, 8, 4, 256, 8192, 1e-6, 1e4, true, 4096)]
    [InlineData("Gemma3ForCausalLM", 262208, 2304, 9216, 26, 8, 4, 256, 131072, 1e-6, 1e6, true, 4096)]
    [InlineData("Phi3ForCausalLM", 32064, 3072, 8192, 32, 32, 32, 96, 4096, 1e-5, 1e4, false, null)]
    [InlineData("Olmo2ForCausalLM", 50304, 4096, 11008, 32, 32, 32, 128, 2048, 1e-5, 1e4, false, null)]
    public void Describe_OfAnEmptyConfiguration_HasTheDefaultsOfTheFamily(
        string architecture, int vocabulary, int hidden, int intermediate, int layers, int heads, int groups, int headSize, int context, double epsilon, double theta, bool tied, int? window)
    {
        DecoderOptions o = Describe($$"""{"architectures": ["{{architecture}}"]}""");

        Assert.Equal((vocabulary, hidden, intermediate, layers, heads, groups), (o.VocabularySize, o.HiddenSize, o.IntermediateSize, o.LayerCount, o.HeadCount, o.KeyValueHeadCount));
        Assert.Equal((headSize, context, epsilon, theta, tied, window), (o.HeadSize, o.ContextLength, o.NormEpsilon, o.Rope.Theta, o.TieWordEmbeddings, o.SlidingWindow));
    }

    [Fact]
    public void Describe_WindowsByDefault_FollowEachFamilysPattern()
    {
        DecoderOptions two = Describe("""{"architectures": ["Gemma2ForCausalLM"], "num_hidden_layers": 5}"""), three = Describe("""{"architectures": ["Gemma3ForCausalLM"], "num_hidden_layers": 13}""");
        DecoderOptions qwen = Describe("""{"architectures": ["Qwen2ForCausalLM"], "use_sliding_window": true}""");

        Assert.Equal([0, 2, 4], Sliding(two));
        Assert.Equal([0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 12], Sliding(three));
        Assert.Equal((1e4, 1e6), (three.LocalRope!.Theta, three.Rope.Theta));
        Assert.Equal([28, 29, 30, 31], Sliding(qwen));
        Assert.Equal((50, 30, 1.0 / 16), (two.AttentionCap, two.LogitCap, Math.Sqrt(1.0 / two.HeadSize)));
        Assert.Null(two.QueryScale);   // 256 is the head size
        Assert.Null(Describe("""{"architectures": ["Gemma2ForCausalLM"], "attn_logit_softcapping": null}""").AttentionCap);

        static int[] Sliding(DecoderOptions o) => [.. Enumerable.Range(0, o.LayerCount).Where(i => o.WindowOf(i) is not null)];
    }

    [Fact]
    public void Describe_PartWithEyesThatNamesLittle_HasTheDefaultsOfTheText()
    {
        // As published: sizes of heads and vocabulary are left to the defaults.
        DecoderOptions o = Describe("""
            {"architectures": ["Gemma3ForConditionalGeneration"], "text_config": {"hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34,
             "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024}, "vision_config": {"hidden_size": 1152}}
            """);

        Assert.Equal((262208, 2560, 34, 8, 4, 256), (o.VocabularySize, o.HiddenSize, o.LayerCount, o.HeadCount, o.KeyValueHeadCount, o.HeadSize));
        Assert.Equal((1024, RopeScaling.Linear, 8, RopeScaling.None, true), (o.SlidingWindow, o.Rope.Scaling, o.Rope.Factor, o.LocalRope!.Scaling, o.TieWordEmbeddings));
    }

    [Theory]
    [InlineData("MistralForCausalLM", "attention_bias", "true", "attention_bias is set, but mistral models have no such thing")]
    [InlineData("Phi3ForCausalLM", "attention_bias", "true", "attention_bias is set, but phi3")]
    [InlineData("Qwen3ForCausalLM", "mlp_bias", "true", "mlp_bias is set, but qwen3")]
    [InlineData("MistralForCausalLM", "num_local_experts", "8", "num_local_experts is set, but mixtures of experts")]
    [InlineData("Qwen2ForCausalLM", "final_logit_softcapping", "30", "final_logit_softcapping is set")]
    [InlineData("Gemma3ForCausalLM", "attn_logit_softcapping", "50", "attn_logit_softcapping is set")]
    [InlineData("Gemma3ForCausalLM", "use_bidirectional_attention", "true", "use_bidirectional_attention is set")]
    [InlineData("Gemma3ForCausalLM", "sliding_window", "null", "sliding_window is absent")]
    [InlineData("Gemma2ForCausalLM", "hidden_activation", "\"relu\"", "the activation is 'relu'")]
    [InlineData("Gemma2ForCausalLM", "layer_types", """["sliding_attention"]""", "needed are 26 of full_attention and sliding_attention")]
    [InlineData("Qwen3ForCausalLM", "num_key_value_heads", "5", "no multiple of num_key_value_heads 5")]
    [InlineData("MistralForCausalLM", "layer_types", """["full_attention","sliding_attention"]""", "layer_types is set, but all layers")]
    [InlineData("MistralForCausalLM", "sliding_window", "0", "sliding_window is '0'")]
    [InlineData("MistralForCausalLM", "partial_rotary_factor", "0.5", "partial_rotary_factor is 0.5, but this family turns whole heads")]
    [InlineData("Qwen2ForCausalLM", "rope_scaling", """{"type":"dynamic","factor":2}""", "the rope type is 'dynamic', known are default, linear, llama3, longrope and yarn")]
    [InlineData("Qwen2ForCausalLM", "rope_scaling", """{"type":"yarn"}""", "rope_scaling.factor is absent")]
    [InlineData("Phi3ForCausalLM", "rope_scaling", """{"type":"longrope","short_factor":[1,2],"long_factor":[1,2]}""", "needed is a list of 48 numbers above 0")]
    [InlineData("Phi3ForCausalLM", "partial_rotary_factor", "0.99", "95 coordinates of a head are to be turned")]
    [InlineData("Olmo2ForCausalLM", "clip_qkv", "8", "clip_qkv is set")]
    [InlineData("Gemma3ForConditionalGeneration", "text_config", "null", "text_config is absent")]
    public void Describe_OptionThatIsNotHonored_IsRefusedByName(string architecture, string key, string value, string reason)
    {
        var config = new JsonObject { ["architectures"] = new JsonArray(architecture), [key] = JsonNode.Parse(value) };

        var error = Assert.Throws<ModelFormatException>(() => Describe(config.ToJsonString()));

        Assert.Contains(reason, error.Message);
    }

    public void Dispose() => folder.Delete(recursive: true);

    private DecoderOptions Describe(string config)
    {
        File.WriteAllText(Path.Combine(folder.FullName, "config.json"), config);
        return ModelFamilies.Describe(folder.FullName);
    }
}
