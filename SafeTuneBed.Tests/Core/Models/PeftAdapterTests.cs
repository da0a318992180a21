using System.Text.Json;
using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>The two files of a PEFT adapter: what is read, what is refused, and that nothing is lost on the way back.</summary>
[Collection(TorchCollection.Name)]
public sealed class PeftAdapterTests : IDisposable
{
    private readonly TinyModel model = new(new TinyShape());
    private readonly DirectoryInfo target = Directory.CreateTempSubdirectory("saved-");

    public void Dispose()
    {
        model.Dispose();
        target.Delete(recursive: true);
    }

    [Theory]
    [InlineData("\"use_dora\": true", "use_dora")]
    [InlineData("\"lora_bias\": true", "lora_bias")]
    [InlineData("\"bias\": \"all\"", "bias")]
    [InlineData("\"bias\": \"lora_only\"", "lora_only")]
    [InlineData("\"fan_in_fan_out\": true", "fan_in_fan_out")]
    [InlineData("\"layer_replication\": [[0, 2], [1, 2]]", "layer_replication")]
    [InlineData("\"trainable_token_indices\": [0, 1]", "trainable_token_indices")]
    [InlineData("\"target_parameters\": [\"experts.down\"]", "target_parameters")]
    [InlineData("\"alora_invocation_tokens\": [5]", "alora_invocation_tokens")]
    [InlineData("\"use_qalora\": true", "use_qalora")]
    [InlineData("\"use_bdlora\": {\"nblocks\": 2}", "use_bdlora")]
    [InlineData("\"arrow_config\": {\"top_k\": 1}", "arrow_config")]
    [InlineData("\"monteclora_config\": {\"n\": 1}", "monteclora_config")]
    [InlineData("\"velora_config\": {\"n\": 1}", "velora_config")]
    [InlineData("\"megatron_config\": {\"n\": 1}", "megatron_config")]
    [InlineData("\"loftq_config\": {\"loftq_bits\": 4}", "loftq_config")]
    [InlineData("\"corda_config\": {\"n\": 1}", "corda_config")]
    [InlineData("\"lora_ga_config\": {\"n\": 1}", "lora_ga_config")]
    [InlineData("\"init_lora_weights\": \"pissa_niter_16\"", "pissa_niter_16")]
    [InlineData("\"init_lora_weights\": \"olora\"", "olora")]
    [InlineData("\"use_something_new\": true", "use_something_new")]
    [InlineData("\"something_new_config\": {\"a\": 1}", "something_new_config")]
    [InlineData("\"task_type\": \"SEQ_CLS\"", "SEQ_CLS")]
    [InlineData("\"peft_type\": \"LOHA\"", "LOHA")]
    [InlineData("\"r\": 0", "r is 0")]
    [InlineData("\"rank_pattern\": {\"q_proj\": 0}", "'q_proj' is 0")]
    [InlineData("\"target_modules\": \"(\"", "'('")]
    [InlineData("\"target_modules\": \".*q_proj\", \"layers_to_transform\": [0]", "LayersToTransform")]
    public void Load_WhatIsNotDone_IsRefusedByName(string field, string named)
    {
        using AdapterFolder folder = AdapterFolder.With($"\"r\": 2, \"target_modules\": [\"q_proj\"], {field}").Add(model, "model.layers.0.self_attn.q_proj", 2).Write();
        var fault = Assert.Throws<ModelFormatException>(() => PeftAdapter.Load(folder.Folder));
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SeveralFaults_AreToldAtOnce()
    {
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2, \"target_modules\": [\"q_proj\"], \"use_dora\": true, \"bias\": \"all\"").Add(model, "model.layers.0.self_attn.q_proj", 2).Write();
        string message = Assert.Throws<ModelFormatException>(() => PeftAdapter.Load(folder.Folder)).Message;
        Assert.Contains("use_dora", message, StringComparison.Ordinal);
        Assert.Contains("bias", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"use_dora\": false, \"bias\": \"none\", \"loftq_config\": {}, \"layer_replication\": null, \"trainable_token_indices\": null, \"target_parameters\": []")]
    [InlineData("\"init_lora_weights\": \"gaussian\", \"eva_config\": {\"rho\": 2.0}, \"megatron_core\": \"megatron.core\", \"auto_mapping\": {\"a\": \"b\"}, \"revision\": \"main\", \"peft_version\": \"0.20.0\"")]
    [InlineData("\"init_lora_weights\": false, \"qalora_group_size\": 16, \"note_of_mine\": \"kept\", \"inference_mode\": false")]
    public void Load_HarmlessFields_AreIgnoredAndWrittenAgainAsTheyWere(string fields)
    {
        using AdapterFolder folder = AdapterFolder.With($"\"r\": 2, \"lora_alpha\": 3.5, \"target_modules\": [\"v_proj\", \"q_proj\"], {fields}");
        folder.Add(model, "model.layers.0.self_attn.q_proj", 2).Write();
        using (PeftAdapter adapter = PeftAdapter.Load(folder.Folder))
        {
            adapter.Save(target.FullName);
        }

        JsonProperty[] want = Members(folder.ConfigFile), got = Members(Path.Combine(target.FullName, PeftAdapter.ConfigFile));
        Assert.Equal(want.Select(p => p.Name).Order(StringComparer.Ordinal), got.Select(p => p.Name)); // sorted
        Assert.All(got, g => Assert.True(JsonElement.DeepEquals(g.Value, want.Single(w => w.Name == g.Name).Value), g.Name));
    }

    [Theory]
    [InlineData(ScalarType.Float32, "", "")]
    [InlineData(ScalarType.Float16, "base_model.model.", "")]
    [InlineData(ScalarType.BFloat16, "base_model.model.", ".default")]
    [InlineData(ScalarType.Float32, "", ".mine")]
    public void SaveOfLoad_AnyLayoutAndType_KeepsEveryBit(ScalarType type, string prefix, string adapterName)
    {
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2, \"target_modules\": [\"q_proj\"], \"modules_to_save\": [\"lm_head\"]");
        folder.Add(model, "model.layers.0.self_attn.q_proj", 2).Add(model, "model.layers.1.self_attn.q_proj", 2).AddTensor("base_model.model.lm_head.weight", [37, 12]);
        folder.Write(n => prefix + n["base_model.model.".Length..].Replace(".weight", n.Contains("lora_") ? adapterName + ".weight" : ".weight", StringComparison.Ordinal), type);
        using (PeftAdapter adapter = PeftAdapter.Load(folder.Folder))
        {
            adapter.Save(target.FullName);
        }

        using SafetensorsFile saved = SafetensorsFile.Open(Path.Combine(target.FullName, PeftAdapter.WeightsFile));
        Assert.Equal(folder.Tensors.Keys.Order(StringComparer.Ordinal), saved.Names);
        foreach ((string name, (long[] shape, float[] values)) in folder.Tensors)
        {
            using Tensor got = saved.Read(name);
            using Tensor want = tensor(values, shape).to(type);
            Assert.Equal(type, got.dtype);
            Assert.True(got.Equals(want), name);
        }
    }

    [Theory]
    [InlineData("base_model.model.lm_head.modules_to_save.default.weight")]
    [InlineData("base_model.model.lm_head.modules_to_save.weight")]
    [InlineData("lm_head.base_layer.weight")]
    [InlineData("lm_head.weight")]
    public void Load_SavedModule_IsFoundUnderEachOfItsNames(string name)
    {
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2, \"target_modules\": [\"q_proj\"], \"modules_to_save\": [\"lm_head\"]");
        folder.Add(model, "model.layers.0.self_attn.q_proj", 2).AddTensor(name, [37, 12]).Write();
        using PeftAdapter adapter = PeftAdapter.Load(folder.Folder);
        Assert.Equal(["lm_head.weight"], adapter.Saved.Keys);
    }

    [Theory]
    [InlineData("base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector", "DoRA")]
    [InlineData("base_model.model.model.embed_tokens.lora_embedding_A", "embedding")]
    [InlineData("base_model.model.model.layers.0.self_attn.q_proj.lora_B.bias", "not supported")]
    [InlineData("base_model.model.model.norm.weight", "modules_to_save")]
    [InlineData("base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight", "two of lora_A")]
    [InlineData("base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight", "lacks lora_B")]
    public void Load_TensorOfAnotherKind_IsNamed(string name, string said)
    {
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2, \"target_modules\": [\"q_proj\"]").Add(model, "model.layers.0.self_attn.q_proj", 2).AddTensor(name, [2, 12]).Write();
        Assert.Contains(said, Assert.Throws<ModelFormatException>(() => PeftAdapter.Load(folder.Folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Pickle_IsRefusedWithTheRemedy()
    {
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2").Add(model, "model.layers.0.self_attn.q_proj", 2).Write();
        File.Move(folder.WeightsFile, Path.Combine(folder.Folder, "adapter_model.bin"));
        string message = Assert.Throws<ModelFormatException>(() => PeftAdapter.Load(folder.Folder)).Message;
        Assert.Contains("adapter_model.bin", message, StringComparison.Ordinal);
        Assert.Contains("safe_serialization=True", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoTargetNamed_TakesTheNamesThatAreThere()
    {
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2, \"target_modules\": null").Add(model, "model.layers.0.self_attn.q_proj", 2).Write();
        using PeftAdapter adapter = PeftAdapter.Load(folder.Folder);
        Assert.Equal(["q_proj"], adapter.Config.TargetModules);
    }

    [Fact]
    public void Save_TrainedHere_WritesTheTargetsThatWereGiven()
    {
        var config = new LoraConfig
        {
            Rank = 3,
            TargetModules = ["v_proj", "o_proj", "k_proj"],
            ExcludeModules = ["layers.0.self_attn.v_proj"],
            LayersToTransform = [1, 0],
            LayersPattern = ["layers"],
            RankPattern = new Dictionary<string, int> { ["v_proj"] = 2 },
            AlphaPattern = new Dictionary<string, double> { ["o_proj"] = 2.5, ["k_proj"] = 2 },
            ModulesToSave = ["lm_head"],
        };
        JsonElement json = Saved(config);
        Assert.Equal(json.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal), json.EnumerateObject().Select(p => p.Name));
        Assert.Equal("""["v_proj","o_proj","k_proj"]""", Compact(json, "target_modules"));
        Assert.Equal("""["layers.0.self_attn.v_proj"]""", Compact(json, "exclude_modules"));
        Assert.Equal("[1,0]", Compact(json, "layers_to_transform"));
        Assert.Equal("""["layers"]""", Compact(json, "layers_pattern"));
        Assert.Equal("""{"v_proj":2}""", Compact(json, "rank_pattern"));
        Assert.Equal("""{"k_proj":2,"o_proj":2.5}""", Compact(json, "alpha_pattern"));
        Assert.Equal("""["lm_head"]""", Compact(json, "modules_to_save"));
        Assert.Equal("\".*q_proj\"", Compact(Saved(new LoraConfig { TargetPattern = ".*q_proj", ExcludePattern = ".*1.*" }), "target_modules"));
        Assert.Equal("\".*1.*\"", Compact(Saved(new LoraConfig { TargetPattern = ".*q_proj", ExcludePattern = ".*1.*" }), "exclude_modules"));
        Assert.Equal("\"all-linear\"", Compact(Saved(new LoraConfig { TargetModules = ["all-linear"] }), "target_modules")); // in a list PEFT would take it for a name
    }

    private static JsonProperty[] Members(string file) => [.. JsonDocument.Parse(File.ReadAllBytes(file)).RootElement.EnumerateObject()];

    private static string Compact(JsonElement json, string name) => JsonSerializer.Serialize(json.GetProperty(name));

    private JsonElement Saved(LoraConfig config)
    {
        using var adapter = new PeftAdapter(config, "base", new Dictionary<string, (Tensor, Tensor)> { ["a"] = (zeros(1, 1), zeros(1, 1)) });
        adapter.Save(target.FullName);
        return JsonDocument.Parse(File.ReadAllBytes(Path.Combine(target.FullName, PeftAdapter.ConfigFile))).RootElement;
    }
}
