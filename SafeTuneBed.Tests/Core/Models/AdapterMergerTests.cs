using System.Text.Json;
using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>Merged folders: the sum in doubles, types and files kept, and an error that is what it says.</summary>
[Collection(TorchCollection.Name)]
public sealed class AdapterMergerTests : IDisposable
{
    private static readonly string Golden = Path.Combine(SharedFolder.Root, "SafeTuneBed.Tests", "Parity", "golden");

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("merged-");

    private string Target => Path.Combine(root.FullName, "merged");

    public void Dispose() => root.Delete(recursive: true);

    [Theory]
    [InlineData(5_000_000_000)]
    [InlineData(3_000)]
    public async Task MergeAsync_Adapter_WritesTheSumAndTheModelsFiles(long shard)
    {
        using var model = new TinyModel(new TinyShape());
        foreach (string name in new[] { "tokenizer_config.json", "chat_template.jinja", "generation_config.json", "LICENSE", "README.md", "pytorch_model.bin", "pytorch_model.bin.index.json", "model.gguf" })
        {
            File.WriteAllText(Path.Combine(model.Folder, name), "of " + name);
        }

        using AdapterFolder folder = Adapter(model, "\"r\": 2, \"lora_alpha\": 3, \"target_modules\": [\"v_proj\", \"down_proj\"]", "0.self_attn.v_proj", "1.self_attn.v_proj", "0.mlp.down_proj", "1.mlp.down_proj");
        MergeResult result = await Merge(folder, model.Folder, new MergeOptions { MaxShardBytes = shard });

        Assert.Equal((Target, 4, 0), (result.Folder, result.MergedLayers, result.ReplacedWeights));
        Assert.InRange(result.MaxLogitDifference, 0, 1e-4);
        Assert.InRange(result.MeanLogitDifference, 0, result.MaxLogitDifference);
        Assert.True(result.LargestLogit > 1);
        Assert.Equal(48, result.Positions); // three rows of sixteen ids, there being no tokenizer
        Assert.Equal(1, result.SameChoices);
        Assert.Equal(shard > 3_000, result.WeightFiles is ["model.safetensors"]);
        Assert.Equal(
            new[] { "LICENSE", "chat_template.jinja", "config.json", "generation_config.json", "tokenizer_config.json" }.Concat(result.WeightFiles).Concat(shard > 3_000 ? [] : ["model.safetensors.index.json"]).Order(StringComparer.Ordinal),
            Directory.GetFiles(Target).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        Assert.Equal(File.ReadAllBytes(model.ConfigFile), File.ReadAllBytes(Path.Combine(Target, "config.json")));
        Assert.Equal("of chat_template.jinja", File.ReadAllText(Path.Combine(Target, "chat_template.jinja")));

        Dictionary<string, float[]> untouched = model.Weights.ToDictionary(w => w.Key, w => w.Value.Values.ToArray());
        foreach (string path in new[] { "0.self_attn.v_proj", "1.self_attn.v_proj", "0.mlp.down_proj", "1.mlp.down_proj" })
        {
            folder.Merge(model, "model.layers." + path, 1.5);
        }

        using SafetensorsShards files = SafetensorsShards.Open(Target);
        Assert.Equal(model.Weights.Keys.Order(StringComparer.Ordinal), files.Names.Order(StringComparer.Ordinal));
        foreach ((string name, (_, float[] values)) in model.Weights)
        {
            using Tensor tensor = files.Read(name);
            float[] got = tensor.contiguous().data<float>().ToArray();
            Assert.All(values.Zip(got), v => Assert.Equal(v.First, v.Second, 1e-6f));
            if (values.SequenceEqual(untouched[name]))
            {
                Assert.Equal(values, got); // to the bit
            }
        }

        if (shard == 3_000)
        {
            using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Target, "model.safetensors.index.json")));
            Assert.Equal(model.Weights.Sum(w => 4 * w.Value.Values.Length), index.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64());
            Assert.Equal($"model-00001-of-{result.WeightFiles.Count:D5}.safetensors", result.WeightFiles[0]);
        }
    }

    [Theory]
    [InlineData("llama_bf16", ScalarType.BFloat16)]
    [InlineData("llama_fp16", ScalarType.Float16)]
    public async Task MergeAsync_NarrowWeights_KeepTheirTypeAndTheErrorSaysWhatThatCosts(string name, ScalarType type)
    {
        ModelReference model = ModelReference.Folder(Path.Combine(Golden, name));
        using ModelArtifact artifact = ModelArtifact.Load(Path.Combine(Golden, "llama_lora", "adapter_rand"), model);
        MergeResult result = await artifact.MergeAsync(Target, cancellationToken: TestContext.Current.CancellationToken);
        using SafetensorsShards files = SafetensorsShards.Open(Target);
        Assert.All(files.Names, n => Assert.Equal(type, files.Find(n)!.DataType));
        // Rounding of the sum: 2^-9 or 2^-12 of it, far above f32 noise and far below the logits.
        Assert.InRange(result.MaxLogitDifference, 1e-5, 0.05 * result.LargestLogit);

        // The same from outside, on other rows: within an order of magnitude.
        int[] ids = [.. Enumerable.Range(0, 24).Select(i => (i * 37) % 200)];
        using Decoder decoder = Decoder.Load(model.Location, ScalarType.Float32, CPU);
        using Decoder merged = Decoder.Load(Target, ScalarType.Float32, CPU);
        double[][] a = LoraAdapterTests.Logits(decoder, Path.Combine(Golden, "llama_lora", "adapter_rand"), ids), b = LoraAdapterTests.Logits(merged, null, ids);
        double difference = a.Zip(b).Max(r => r.First.Zip(r.Second).Max(v => Math.Abs(v.First - v.Second)));
        Assert.InRange(result.MaxLogitDifference, difference / 10, difference * 10);
    }

    [Fact]
    public async Task MergeAsync_GoldenAdapter_GivesTheMergedLogits()
    {
        JsonElement expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Golden, "llama_lora", "expected.json"))).RootElement;
        JsonElement merging = expected.GetProperty("merged"), batch = expected.GetProperty("batches")[merging.GetProperty("batch").GetInt32()];
        using ModelArtifact artifact = ModelArtifact.Load(Path.Combine(Golden, "llama_lora", merging.GetProperty("adapter").GetString()!), ModelReference.Folder(Path.Combine(Golden, "llama")));
        await artifact.MergeAsync(Target, cancellationToken: TestContext.Current.CancellationToken);
        int length = batch.GetProperty("attention_mask")[0].EnumerateArray().Sum(m => m.GetInt32());
        int[] ids = [.. batch.GetProperty("input_ids")[0].EnumerateArray().Take(length).Select(i => i.GetInt32())];
        using Decoder merged = Decoder.Load(Target, ScalarType.Float32, CPU);
        double[][] got = LoraAdapterTests.Logits(merged, null, ids);
        using SafetensorsFile tensors = SafetensorsFile.Open(Path.Combine(Golden, "llama_lora", "expected.safetensors"));
        using Tensor all = tensors.Read("merged.logits");
        using Tensor row = all[0];
        float[] want = row.contiguous().data<float>().ToArray();
        Assert.All(got.SelectMany(r => r).Zip(want), v => Assert.Equal(v.Second, v.First, 3e-4));
    }

    [Fact]
    public async Task MergeAsync_HeadThatWasTied_GetsWeightsOfItsOwn()
    {
        using var model = new TinyModel(new TinyShape { Tied = true });
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2, \"lora_alpha\": 3, \"target_modules\": [\"lm_head\"]").Add(model, "lm_head", 2).Write();
        MergeResult result = await Merge(folder, model.Folder);
        Assert.InRange(result.MaxLogitDifference, 0, 1e-4);
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Target, "config.json")));
        Assert.False(config.RootElement.GetProperty("tie_word_embeddings").GetBoolean());
    }

    [Fact]
    public async Task MergeAsync_ResizedVocabulary_IsInTheConfiguration()
    {
        using var model = new TinyModel(new TinyShape { Tied = true });
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2, \"target_modules\": [\"q_proj\"], \"layers_to_transform\": [0]").Add(model, "model.layers.0.self_attn.q_proj", 2);
        folder.AddTensor("base_model.model.model.embed_tokens.weight", [40, 12]).Write();
        MergeResult result = await Merge(folder, model.Folder);
        Assert.InRange(result.MaxLogitDifference, 0, 1e-4);
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Target, "config.json")));
        Assert.Equal(40, config.RootElement.GetProperty("vocab_size").GetInt32());
        Assert.True(config.RootElement.GetProperty("tie_word_embeddings").GetBoolean()); // one matrix still
        Assert.Equal(2, config.RootElement.GetProperty("eos_token_id").GetInt32());
    }

    [Fact]
    public async Task MergeAsync_WhatCantBeDone_IsRefusedAndLeavesNothing()
    {
        using var model = new TinyModel(new TinyShape());
        using AdapterFolder folder = Adapter(model, "\"r\": 2, \"target_modules\": [\"q_proj\"]", "0.self_attn.q_proj", "1.self_attn.q_proj");
        await Assert.ThrowsAsync<ConfigurationException>(() => new ModelArtifact { Model = model.Folder }.MergeAsync(Target));
        await Assert.ThrowsAsync<ConfigurationException>(() => Merge(folder, model.Folder, new MergeOptions { MaxShardBytes = 0 }));
        await Assert.ThrowsAsync<ConfigurationException>(() => Merge(folder, model.Folder, new MergeOptions { Prompts = [] }));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Merge(folder, model.Folder, cancellationToken: new CancellationToken(true)));
        Assert.Contains("not empty", (await Assert.ThrowsAsync<ConfigurationException>(() => MergeInto(folder, model.Folder, model.Folder))).Message, StringComparison.Ordinal);
        Assert.Empty(root.GetFileSystemInfos());

        using AdapterFolder half = Adapter(model, "\"r\": 2, \"target_modules\": [\"q_proj\"]", "0.self_attn.q_proj");
        Assert.Contains("model.layers.1.self_attn.q_proj", (await Assert.ThrowsAsync<ModelFormatException>(() => Merge(half, model.Folder))).Message, StringComparison.Ordinal);
        Assert.Empty(root.GetFileSystemInfos());
    }

    private static AdapterFolder Adapter(TinyModel model, string fields, params string[] paths)
    {
        AdapterFolder folder = AdapterFolder.With(fields);
        return paths.Aggregate(folder, (f, p) => f.Add(model, "model.layers." + p, 2)).Write();
    }

    private Task<MergeResult> Merge(AdapterFolder folder, string model, MergeOptions? options = null, CancellationToken? cancellationToken = null) => MergeInto(folder, model, Target, options, cancellationToken);

    private static async Task<MergeResult> MergeInto(AdapterFolder folder, string model, string target, MergeOptions? options = null, CancellationToken? cancellationToken = null)
    {
        using ModelArtifact artifact = ModelArtifact.Load(folder.Folder, ModelReference.Folder(model) with { Device = "cpu" });
        return await artifact.MergeAsync(target, options, cancellationToken ?? TestContext.Current.CancellationToken);
    }
}
