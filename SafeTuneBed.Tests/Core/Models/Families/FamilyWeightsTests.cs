using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models.Families;

/// <summary>Names of weights and layers, adapters on them, and weights that are written in place.</summary>
[Collection(TorchCollection.Name)]
public sealed class FamilyWeightsTests
{
    private const string Fused = "phi3 with a partial turn";

    [Theory]
    [MemberData(nameof(FamilySpecs.Names), MemberType = typeof(FamilySpecs))]
    public void Weights_OfAnyFamily_HaveTheFilesNamesAndNumbers(string name)
    {
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);

        Assert.Equal(model.Weights.Keys.Order(StringComparer.Ordinal), decoder.Weights.Keys.Order(StringComparer.Ordinal));
        Assert.All(decoder.Weights, w => Assert.Equal(model.Weights[w.Key].Values, w.Value.contiguous().data<float>().ToArray()));
        string[] names = model.Spec.Fused ? ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"] : ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
        Assert.Equal(names, decoder.Linears.Select(l => l.Path[(l.Path.LastIndexOf('.') + 1)..]).Distinct());
        Assert.All(decoder.Linears, l => Assert.Contains(l.Path + ".weight", model.Weights.Keys));
    }

    [Theory]
    [MemberData(nameof(FamilySpecs.Names), MemberType = typeof(FamilySpecs))]
    public void Weights_WrittenInPlace_ChangeWhatAnyFamilyComputes(string name)
    {
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        using var noGrad = no_grad();
        foreach ((string path, Tensor weight) in decoder.Weights)
        {
            weight.mul_(0.5);   // exact in float32 too
            float[] values = model.Weights[path].Values;
            for (int i = 0; i < values.Length; i++)
            {
                values[i] *= 0.5f;
            }
        }

        int[] ids = model.RandomIds(9);

        Assert.Equal(new FamilyReference(model).Logits(ids).SelectMany(r => r), Logits(decoder, ids), (a, b) => Math.Abs(a - b) < 1e-9);
    }

    [Theory]
    [InlineData("model.language_model.", null, "model.vision_tower.weight")]
    [InlineData("language_model.model.", "language_model.lm_head", "vision_tower.weight")]
    [InlineData("model.language_model.", "lm_head", "model.multi_modal_projector.weight")]
    public void Load_ModelWithEyes_TakesThePrefixThatTheFilesHave(string root, string? head, string foreign)
    {
        FamilySpec spec = FamilySpecs.Get("gemma3 with eyes");
        string config = head is null ? spec.Config : spec.Config.Replace("\"text_config\"", "\"tie_word_embeddings\": false, \"text_config\"", StringComparison.Ordinal);
        using var model = new FamilyModel(spec with { Root = root, Head = head, Config = config, Foreign = [foreign] });
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        int[] ids = model.RandomIds(8);

        Assert.Equal(new FamilyReference(model).Logits(ids).SelectMany(r => r), Logits(decoder, ids), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal(root + "layers.0.self_attn.q_proj", decoder.Linears[0].Path);
        Assert.Equal(head ?? "lm_head", decoder.HeadLayer.Path);
    }

    [Fact]
    public void Load_TensorOfNoPartOfTheModel_IsRefused()
    {
        using var model = new FamilyModel(FamilySpecs.Get("gemma2") with { Foreign = ["vision_tower.weight"] });

        Assert.Contains("'vision_tower.weight' is not part", Assert.Throws<ModelFormatException>(() => Decoder.Load(model.Folder, ScalarType.Float32, CPU)).Message);
    }

    [Fact]
    public void Adapter_OnFusedProjections_EqualsTheMergedModelAndHasTheRightGradients()
    {
        using var model = new FamilyModel(FamilySpecs.Get(Fused));
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        int[] ids = model.RandomIds(12);
        Dictionary<string, LoraWeights> factors = Factors(decoder, ["qkv_proj", "gate_up_proj"], ScalarType.Float64);
        new LoraAdapter(Config("qkv_proj", "gate_up_proj"), factors).Attach(decoder);
        Tensor Loss() => decoder.Head(decoder.Hidden(DecoderTests.Row(ids))).logsumexp(-1).sum();

        double[] withGraph = Logits(decoder, ids);
        Loss().backward();
        using var noGrad = no_grad();
        double[] without = Logits(decoder, ids);
        foreach (Tensor factor in factors.Values.SelectMany(f => new[] { f.A, f.B }))
        {
            Tensor direction = factor.grad!.div(factor.grad.norm());
            Assert.Equal(factor.grad.norm().item<double>(), FamilyTests.Difference(factor, direction, Loss), 1e-5);
        }

        Merge(model, factors);
        double[] merged = [.. new FamilyReference(model).Logits(ids).SelectMany(r => r)];
        Assert.Equal(merged, withGraph, (a, b) => Math.Abs(a - b) < 2e-5);   // merged numbers are float32
        Assert.Equal(withGraph, without, (a, b) => Math.Abs(a - b) < 1e-10);
    }

    [Fact]
    public void Adapter_OnFusedProjections_IsSavedUnderTheirNames()
    {
        using var model = new FamilyModel(FamilySpecs.Get(Fused));
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        int[] ids = model.RandomIds(12);
        Dictionary<string, LoraWeights> factors = Factors(decoder, ["all-linear"], ScalarType.Float32);
        var adapter = new LoraAdapter(Config("all-linear"), factors);
        using var noGrad = no_grad();
        adapter.Attach(decoder);
        Tensor expected = decoder.Head(decoder.Hidden(DecoderTests.Row(ids)));
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fused-adapter-");
        try
        {
            using (PeftAdapter saved = adapter.ToPeft("base"))
            {
                saved.Save(folder.FullName);
            }

            LoraAdapter.Detach(decoder);
            using PeftAdapter read = PeftAdapter.Load(folder.FullName);
            using LoraAdapter loaded = LoraAdapter.Load(decoder, read);
            loaded.Attach(decoder);

            Assert.Equal(["all-linear"], read.Config.TargetModules);
            using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder.FullName, PeftAdapter.WeightsFile));
            Assert.Contains("base_model.model.model.layers.2.self_attn.qkv_proj.lora_B.weight", file.Names);
            Assert.Equal([64, 2], file["base_model.model.model.layers.0.self_attn.qkv_proj.lora_B.weight"].Shape);
            Assert.Equal([36, 2], file["base_model.model.model.layers.0.mlp.gate_up_proj.lora_B.weight"].Shape);
            Assert.True(decoder.Head(decoder.Hidden(DecoderTests.Row(ids))).Equals(expected));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("gemma3 with eyes", "q_proj")]
    [InlineData("phi3 with longrope", "qkv_proj")]
    public void MergedFolder_OfAnAdapter_LoadsAsTheAdaptedModelAndKeepsWhatIsNotText(string name, string target)
    {
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        int[] ids = model.RandomIds(9);
        using var noGrad = no_grad();
        var adapter = new LoraAdapter(Config(target), Factors(decoder, [target], ScalarType.Float32));
        adapter.Attach(decoder);
        Tensor expected = decoder.Head(decoder.Hidden(DecoderTests.Row(ids)));
        DirectoryInfo folder = Directory.CreateTempSubdirectory("merged-family-");
        try
        {
            using (PeftAdapter peft = adapter.ToPeft("base"))
            {
                new MergedFolder(model.Folder, [(peft, new Dictionary<string, Tensor>())]).Write(folder.FullName, long.MaxValue, TestContext.Current.CancellationToken);
            }

            using Decoder merged = Decoder.Load(folder.FullName, ScalarType.Float32, CPU);
            Assert.True(merged.Head(merged.Hidden(DecoderTests.Row(ids))).sub(expected).abs().max().item<float>() < 1e-4f);
            using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder.FullName, "model.safetensors"));
            Assert.Equal(model.Weights.Keys.Concat(model.Spec.Foreign).Order(StringComparer.Ordinal), file.Names.Order(StringComparer.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Targets_OfFusedProjections_KnowNoParts()
    {
        using var model = new FamilyModel(FamilySpecs.Get(Fused));
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);

        var error = Assert.Throws<ConfigurationException>(() => TargetModules.Select(decoder, Config("q_proj", "down_proj")));

        Assert.Contains("'q_proj' matches nothing. Its linear layers are called qkv_proj, o_proj, gate_up_proj, down_proj", error.Message);
    }

    private static LoraConfig Config(params string[] targets) => new() { Rank = 2, Alpha = 1, TargetModules = targets };

    private static Dictionary<string, LoraWeights> Factors(Decoder decoder, string[] targets, ScalarType type)
    {
        using var generator = new Generator(4);
        return TargetModules.Select(decoder, Config(targets)).ToDictionary(l => l.Path, l => new LoraWeights(
            randn([2, l.Weight.size(1)], type, generator: generator).mul(0.4).detach().requires_grad_(true),
            randn([l.Weight.size(0), 2], type, generator: generator).mul(0.4).detach().requires_grad_(true),
            0.5));
    }

    private static void Merge(FamilyModel model, Dictionary<string, LoraWeights> factors)
    {
        foreach ((string path, LoraWeights lora) in factors)
        {
            (long[] shape, float[] values) = model.Weights[path + ".weight"];
            double[] a = lora.A.data<double>().ToArray(), b = lora.B.data<double>().ToArray();
            for (int row = 0; row < shape[0]; row++)
            {
                for (int column = 0; column < shape[1]; column++)
                {
                    values[(row * shape[1]) + column] += (float)(0.5 * ((b[2 * row] * a[column]) + (b[(2 * row) + 1] * a[shape[1] + column])));
                }
            }
        }
    }

    private static double[] Logits(Decoder decoder, int[] ids) => decoder.Head(decoder.Hidden(DecoderTests.Row(ids)))[0].detach().contiguous().data<double>().ToArray();
}
