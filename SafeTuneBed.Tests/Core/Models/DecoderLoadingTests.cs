using SafeTuneBed.Models;
using SafeTuneBed.Models.Families;
using SafeTuneBed.Tests.TestDoubles;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

[Collection(TorchCollection.Name)]
public sealed class DecoderLoadingTests
{
    [Fact]
    public void Load_TensorsMissingSuperfluousAndMisshapen_NamesAllInOneError()
    {
        using var model = new TinyModel(new TinyShape());
        model.Weights.Remove("model.layers.1.mlp.down_proj.weight");
        model.Weights.Remove("model.norm.weight");
        model.Weights["model.layers.0.self_attn.k_proj.weight"] = ([6, 12], new float[72]);
        model.Weights["model.layers.0.self_attn.k_proj.bias"] = ([12], new float[12]);
        model.Weights["model.layers.7.input_layernorm.weight"] = ([12], new float[12]);
        model.WriteWeights();
        long before = LiveTensors.Count();

        var error = Assert.Throws<ModelFormatException>(() => Decoder.Load(model.Folder, ScalarType.Float32, CPU));

        Assert.All(
            ["'model.layers.1.mlp.down_proj.weight' [12, 20] is missing", "'model.norm.weight' [12] is missing", "'model.layers.0.self_attn.k_proj.weight' has shape [6, 12], but the configuration wants [12, 12]",
             "'model.layers.0.self_attn.k_proj.bias' is not part", "'model.layers.7.input_layernorm.weight' is not part"],
            part => Assert.Contains(part, error.Message));
        Assert.Equal(before, LiveTensors.CountDropped());
    }

    [Fact]
    public void Load_WithHarmlessExtras_IgnoresThem()
    {
        using var model = new TinyModel(new TinyShape { Tied = true });
        model.Weights["model.layers.0.self_attn.rotary_emb.inv_freq"] = ([3], [1, 2, 3]);
        model.Weights["lm_head.weight"] = ([37, 12], new float[37 * 12]);
        model.WriteWeights();

        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);

        Assert.Equal(model.Weights["model.embed_tokens.weight"].Values, decoder.HeadWeight.data<float>().ToArray());
    }

    [Fact]
    public void Load_UntiedModelWithoutHead_IsRefused()
    {
        using var model = new TinyModel(new TinyShape());
        model.Weights.Remove("lm_head.weight");
        model.WriteWeights();

        Assert.Contains("'lm_head.weight' [37, 12] is missing", Assert.Throws<ModelFormatException>(() => Decoder.Load(model.Folder, ScalarType.Float32, CPU)).Message);
    }

    [Fact]
    public void Load_WholeNumberWeights_AreRefused()
    {
        using var model = new TinyModel(new TinyShape());
        using (var scope = NewDisposeScope())
        {
            SafetensorsFile.Write(model.WeightsFile, model.Weights.ToDictionary(
                w => w.Key,
                w => w.Key == "model.norm.weight" ? ones(w.Value.Shape, ScalarType.Int32) : tensor(w.Value.Values, w.Value.Shape)));
        }

        Assert.Contains("'model.norm.weight' holds Int32", Assert.Throws<ModelFormatException>(() => Decoder.Load(model.Folder, ScalarType.Float32, CPU)).Message);
    }

    [Fact]
    public void Load_StoredInHalfPrecision_ConvertsExactly()
    {
        using var model = new TinyModel(new TinyShape());
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(model.WeightsFile, model.Weights.ToDictionary(w => w.Key, w => tensor(w.Value.Values, w.Value.Shape).to(ScalarType.BFloat16)));

        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);

        Assert.All(decoder.Weights, w => Assert.True(w.Value.Equals(tensor(model.Weights[w.Key].Values, model.Weights[w.Key].Shape).to(ScalarType.BFloat16).to(ScalarType.Float32))));
    }

    [Fact]
    public void Load_FolderWithoutFiles_SaysWhatIsMissing()
    {
        using var model = new TinyModel(new TinyShape());
        File.Delete(model.WeightsFile);
        Assert.Contains("neither model.safetensors nor model.safetensors.index.json", Assert.Throws<ModelFormatException>(() => Decoder.Load(model.Folder, ScalarType.Float32, CPU)).Message);
        File.Delete(model.ConfigFile);
        Assert.Contains("no config.json", Assert.Throws<ModelFormatException>(() => Decoder.Load(model.Folder, ScalarType.Float32, CPU)).Message);
        Assert.Contains("no such folder", Assert.Throws<ModelFormatException>(() => Decoder.Load(model.Folder + "x", ScalarType.Float32, CPU)).Message);
    }

    [Theory]
    [InlineData("architectures", """["GPT2LMHeadModel"]""", "'GPT2LMHeadModel', which is not supported. Known are: Gemma2ForCausalLM, Gemma3ForCausalLM, Gemma3ForConditionalGeneration, GemmaForCausalLM, LlamaForCausalLM, MistralForCausalLM, Olmo2ForCausalLM, Phi3ForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM")]
    [InlineData("rope_scaling", """{"rope_type":"mrope","factor":4.0}""", "'mrope', known are default, linear, llama3, longrope and yarn")]
    [InlineData("rope_scaling", """{"type":"dynamic","factor":4.0}""", "'dynamic', known are default, linear, llama3, longrope and yarn")]
    [InlineData("rope_scaling", """{"factor":4.0}""", "no rope_type")]
    [InlineData("rope_scaling", """{"rope_type":"linear"}""", "rope_scaling.factor is absent")]
    [InlineData("rope_scaling", """{"rope_type":"linear","factor":-1}""", "rope_scaling.factor is '-1'")]
    [InlineData("rope_scaling", """{"rope_type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4,"original_max_position_embeddings":16}""", "high_freq_factor 4 is not above low_freq_factor 4")]
    [InlineData("hidden_act", "\"gelu\"", "hidden_act is 'gelu'")]
    [InlineData("hidden_size", "\"12\"", "hidden_size is '\"12\"'")]
    [InlineData("hidden_size", "-12", "hidden_size is '-12'")]
    [InlineData("hidden_size", "1e40", "hidden_size is '1e40'")]
    [InlineData("num_hidden_layers", "2000000000", "num_hidden_layers is '2000000000'")]
    [InlineData("num_key_value_heads", "3", "no multiple of num_key_value_heads 3")]
    [InlineData("head_dim", "5", "head size 5 is odd")]
    [InlineData("rms_norm_eps", "0", "rms_norm_eps is '0'")]
    [InlineData("tie_word_embeddings", "\"no\"", "tie_word_embeddings is '\"no\"'")]
    [InlineData("quantization_config", "{}", "quantization_config")]
    [InlineData("vocab_size", "null", "vocab_size is absent")]
    public void Describe_ConfigurationThatCannotBeMet_IsRefusedWithTheReason(string key, string value, string reason)
    {
        using var model = new TinyModel(new TinyShape());
        model.WriteConfig((key, System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(value)));

        var error = Assert.Throws<ModelFormatException>(() => Decoder.Load(model.Folder, ScalarType.Float32, CPU));

        Assert.Contains(reason, error.Message);
        Assert.Equal(model.ConfigFile, error.Path);
    }

    [Fact]
    public void Describe_SeveralFaults_AreToldAtOnce()
    {
        using var model = new TinyModel(new TinyShape());
        model.WriteConfig(("hidden_size", 0), ("rms_norm_eps", "x"), ("mlp_bias", 1));

        string message = Assert.Throws<ModelFormatException>(() => ModelFamilies.Describe(model.Folder)).Message;

        Assert.All(["hidden_size", "rms_norm_eps", "mlp_bias"], name => Assert.Contains(name, message));
    }

    [Fact]
    public void Describe_RopeParametersOfNewerFiles_ReplaceTheOlderKeys()
    {
        using var model = new TinyModel(new TinyShape());
        model.WriteConfig(("rope_theta", null), ("rope_scaling", null), ("rope_parameters", new Dictionary<string, object> { ["rope_type"] = "linear", ["factor"] = 3.0, ["rope_theta"] = 7000.0 }));

        Assert.Equal(new RopeOptions { Theta = 7000, Scaling = RopeScaling.Linear, Factor = 3 }, ModelFamilies.Describe(model.Folder).Rope);
    }

    [Fact]
    public void Describe_WithoutArchitectures_GoesByTheModelType()
    {
        using var model = new TinyModel(new TinyShape());
        model.WriteConfig(("architectures", null), ("model_type", "llama"));
        Assert.Equal("llama", ModelFamilies.Describe(model.Folder).Family);
        model.WriteConfig(("architectures", null), ("model_type", "bloom"));
        Assert.Contains("'bloom'", Assert.Throws<ModelFormatException>(() => ModelFamilies.Describe(model.Folder)).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"a\":")]
    public void Describe_DamagedJson_NamesTheFile(string content)
    {
        using var model = new TinyModel(new TinyShape());
        File.WriteAllText(model.ConfigFile, content);

        Assert.Equal(model.ConfigFile, Assert.Throws<ModelFormatException>(() => ModelFamilies.Describe(model.Folder)).Path);
    }

    [Theory]
    [InlineData("""{"eos_token_id": 7}""", new[] { 7 })]
    [InlineData("""{"eos_token_id": [128001, 128009]}""", new[] { 128001, 128009 })]
    [InlineData("""{"eos_token_id": null}""", new[] { 2 })]
    [InlineData("""{}""", new[] { 2 })]
    [InlineData(null, new[] { 2 })]
    public void ReadStopIds_OfAFolder_PrefersGenerationConfig(string? content, int[] expected)
    {
        using var model = new TinyModel(new TinyShape());
        if (content is not null)
        {
            File.WriteAllText(Path.Combine(model.Folder, "generation_config.json"), content);
        }

        Assert.Equal(expected, GenerationConfig.Load(model.Folder).StopIds);
    }

    [Theory]
    [InlineData("""{"eos_token_id": "2"}""")]
    [InlineData("""{"eos_token_id": [1, -1]}""")]
    [InlineData("""{"eos_token_id": 1.5}""")]
    [InlineData("{")]
    public void ReadStopIds_OfADamagedFile_IsRefused(string content)
    {
        using var model = new TinyModel(new TinyShape());
        File.WriteAllText(Path.Combine(model.Folder, "generation_config.json"), content);

        Assert.Throws<ModelFormatException>(() => GenerationConfig.Load(model.Folder).StopIds);
    }
}
