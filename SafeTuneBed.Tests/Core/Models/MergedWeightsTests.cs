using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>Adapters merged in memory: the sum in doubles, in order, and the same model as a folder merged by hand.</summary>
[Collection(TorchCollection.Name)]
public sealed class MergedWeightsTests : IDisposable
{
    private const string Config = "\"r\": 2, \"lora_alpha\": 3, \"target_modules\": [\"v_proj\", \"down_proj\"]";
    private static readonly string[] Paths = ["0.self_attn.v_proj", "1.self_attn.v_proj", "0.mlp.down_proj", "1.mlp.down_proj"];

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("merges-");
    private readonly TinyModel model = new(new TinyShape());

    public void Dispose()
    {
        root.Delete(recursive: true);
        model.Dispose();
    }

    [Fact]
    public void Merge_TwoAdapters_IsTheSumInDoubles()
    {
        using AdapterFolder first = Adapter(Config), second = Adapter("\"r\": 4, \"lora_alpha\": 2, \"target_modules\": [\"v_proj\", \"down_proj\"]");
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        foreach (AdapterFolder adapter in new[] { first, second })
        {
            using PeftAdapter peft = PeftAdapter.Load(adapter.Folder);
            MergedWeights.Merge(decoder, peft);
        }

        Dictionary<string, float[]> untouched = model.Weights.ToDictionary(w => w.Key, w => w.Value.Values.ToArray());
        foreach (string path in Paths)
        {
            first.Merge(model, "model.layers." + path, 1.5);
            second.Merge(model, "model.layers." + path, 0.5);
        }

        foreach ((string name, (_, float[] values)) in model.Weights)
        {
            float[] got = decoder.Weights[name].contiguous().data<float>().ToArray();
            Assert.All(values.Zip(got), v => Assert.Equal(v.First, v.Second, 2e-6f));
            Assert.Equal(values.SequenceEqual(untouched[name]), got.SequenceEqual(untouched[name])); // nothing else is touched, to the bit
        }
    }

    [Fact]
    public async Task Artifact_WithMerges_IsTheSameInMemoryOnDiskAndMergedByHand()
    {
        using AdapterFolder first = Adapter(Config), second = Adapter(Config), top = Adapter(Config);
        string folder = Path.Combine(root.FullName, "artifact"), byHand = Path.Combine(root.FullName, "by-hand"), whole = Path.Combine(root.FullName, "whole");
        using (var made = new ModelArtifact { Model = model.Folder, Merges = [PeftAdapter.Load(first.Folder), PeftAdapter.Load(second.Folder)], Adapter = PeftAdapter.Load(top.Folder), Template = "raw" })
        {
            made.Save(folder);
            await made.MergeAsync(whole, cancellationToken: TestContext.Current.CancellationToken);
        }

        using ModelArtifact read = ModelArtifact.Load(folder);
        Assert.Equal((2, false, "raw"), (read.MergeCount, read.IsUntouched, read.Template));
        Assert.Equal(read.Merges.Select(m => m.Source), new[] { "0", "1" }.Select(i => Path.Combine(folder, "merges", i)));
        string manifest = File.ReadAllText(Path.Combine(folder, "artifact.json"));
        Assert.Contains("\"merges\":[\"merges/0\",\"merges/1\"]", manifest, StringComparison.Ordinal);
        Assert.Contains("\"format\":2", manifest, StringComparison.Ordinal);

        // By hand: each merge into a folder of its own, the adapter on the last.
        string step = Path.Combine(root.FullName, "step");
        await ModelArtifact.Load(first.Folder, model.Folder).MergeAsync(step, cancellationToken: TestContext.Current.CancellationToken);
        await ModelArtifact.Load(second.Folder, step).MergeAsync(byHand, cancellationToken: TestContext.Current.CancellationToken);

        using var noGrad = no_grad();
        float[] inMemory = Logits(model.Folder, read.Merges, read.Adapter), hand = Logits(byHand, [], read.Adapter), without = Logits(model.Folder, [], read.Adapter), merged = Logits(whole, [], null);
        Assert.Equal(hand, inMemory);
        Assert.True(inMemory.Zip(without).Max(p => Math.Abs(p.First - p.Second)) > 0.1);
        Assert.All(inMemory.Zip(merged), p => Assert.Equal(p.First, p.Second, 1e-4f));
        float[] swapped = Logits(model.Folder, [read.Adapter!], read.Merges[0]);
        Assert.True(inMemory.Zip(swapped).Max(p => Math.Abs(p.First - p.Second)) > 0.1);
    }

    [Fact]
    public void Load_OlderFormatsAndOddPaths_AreReadOrRefusedByName()
    {
        using AdapterFolder adapter = Adapter(Config);
        string manifest = Path.Combine(adapter.Folder, "artifact.json");
        File.WriteAllText(manifest, """{"format":1,"model":"m","adapter":"."}""");
        using (ModelArtifact old = ModelArtifact.Load(adapter.Folder))
        {
            Assert.Equal((0, false), (old.MergeCount, old.IsUntouched));
        }

        File.WriteAllText(manifest, """{"format":4,"model":"m","merges":[],"adapter":"."}""");
        Assert.Contains("format 4 is unknown", Assert.Throws<ModelFormatException>(() => ModelArtifact.Load(adapter.Folder)).Message, StringComparison.Ordinal);
        File.WriteAllText(manifest, """{"format":2,"model":"m","adapter":"."}""");
        Assert.Throws<ModelFormatException>(() => ModelArtifact.Load(adapter.Folder)); // a manifest that says nothing of merges may not pass as one without
        File.WriteAllText(manifest, """{"format":2,"model":"m","merges":["/elsewhere"],"adapter":"."}""");
        Assert.Contains("'/elsewhere'", Assert.Throws<ModelFormatException>(() => ModelArtifact.Load(adapter.Folder)).Message, StringComparison.Ordinal);
        File.WriteAllText(manifest, """{"format":2,"model":"m","merges":["merges/0"],"adapter":"."}""");
        Assert.Contains(Path.Combine("merges", "0"), Assert.Throws<ModelFormatException>(() => ModelArtifact.Load(adapter.Folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fingerprint_OfAnAdapter_TellsNumbersAndScaleAndNothingElse()
    {
        using AdapterFolder one = Adapter(Config), other = Adapter(Config), scaled = Adapter(Config.Replace("3", "6", StringComparison.Ordinal));
        string Of(string folder)
        {
            using PeftAdapter adapter = PeftAdapter.Load(folder);
            return adapter.Fingerprint;
        }

        string first = Of(one.Folder), moved = Path.Combine(root.FullName, "moved");
        using (PeftAdapter adapter = PeftAdapter.Load(one.Folder))
        {
            adapter.Save(moved);
        }

        Assert.Equal(first, Of(moved));
        Assert.Equal(first, Of(other.Folder)); // the same numbers
        Assert.NotEqual(first, Of(scaled.Folder));
        other.Tensors.First().Value.Values[0] += 1;
        other.Write();
        Assert.NotEqual(first, Of(other.Folder));
    }

    [Fact]
    public void Merge_AdapterThatPartsATiedHead_IsRefusedWithTheRemedy()
    {
        using var tied = new TinyModel(new TinyShape { Tied = true });
        using AdapterFolder adapter = AdapterFolder.With("\"r\": 2, \"lora_alpha\": 3, \"target_modules\": [\"lm_head\"]").Add(tied, "lm_head", 2).Write();
        using Decoder decoder = Decoder.Load(tied.Folder, ScalarType.Float32, CPU);
        using PeftAdapter peft = PeftAdapter.Load(adapter.Folder);
        Assert.Contains("MergeAsync", Assert.Throws<ConfigurationException>(() => MergedWeights.Merge(decoder, peft)).Message, StringComparison.Ordinal);
    }

    private AdapterFolder Adapter(string config)
    {
        AdapterFolder folder = AdapterFolder.With(config);
        int rank = config.Contains("\"r\": 4", StringComparison.Ordinal) ? 4 : 2;
        foreach (string path in Paths)
        {
            folder.Add(model, "model.layers." + path, rank);
        }

        return folder.Write();
    }

    private float[] Logits(string folder, IReadOnlyList<PeftAdapter> merges, PeftAdapter? adapter)
    {
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(folder, ScalarType.Float32, CPU);
        foreach (PeftAdapter merge in merges)
        {
            MergedWeights.Merge(decoder, merge);
        }

        using LoraAdapter? top = adapter is null ? null : LoraAdapter.Load(decoder, adapter);
        top?.Attach(decoder);
        return decoder.Head(decoder.Hidden(DecoderTests.Row([1, 5, 9, 2, 30, 17, 4]))).contiguous().data<float>().ToArray();
    }
}
