using System.Text.Json;
using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>Loaded adapters against a reference in doubles whose weights are W + s B A, and adapters that do not fit.</summary>
[Collection(TorchCollection.Name)]
public sealed class LoraAdapterTests
{
    private static readonly int[] Ids = [3, 1, 30, 22, 9, 17, 5];

    /// <summary>Fields of the configuration, and by hand what they mean: layer, rank, scale.</summary>
    public static TheoryData<string, string, bool> Configurations => new()
    {
        {
            """ "r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "v_proj"], "rank_pattern": {"layers.0.self_attn.q_proj": 3}, "alpha_pattern": {"^model.layers.1.self_attn.v_proj": 5} """,
            "0.self_attn.q_proj 3 1.3333333333333333; 0.self_attn.v_proj 2 2; 1.self_attn.q_proj 2 2; 1.self_attn.v_proj 2 2.5",
            false
        },
        {
            """ "r": 4, "lora_alpha": 6, "use_rslora": true, "target_modules": ".*layers\\.1\\.(self_attn\\.[qk]_proj|mlp\\.down_proj)", "rank_pattern": {"down_proj": 9} """,
            "1.self_attn.q_proj 4 3; 1.self_attn.k_proj 4 3; 1.mlp.down_proj 9 2",
            false
        },
        {
            """ "r": 1, "lora_alpha": 2, "target_modules": "all-linear", "exclude_modules": ["o_proj", "mlp.up_proj", "layers.1.mlp.gate_proj"] """,
            "0.self_attn.q_proj 1 2; 0.self_attn.k_proj 1 2; 0.self_attn.v_proj 1 2; 0.mlp.gate_proj 1 2; 0.mlp.down_proj 1 2; 1.self_attn.q_proj 1 2; 1.self_attn.k_proj 1 2; 1.self_attn.v_proj 1 2; 1.mlp.down_proj 1 2",
            true
        },
        { """ "r": 2, "lora_alpha": 3, "target_modules": ["o_proj", "c_attn"], "layers_to_transform": 1, "layers_pattern": "layers" """, "1.self_attn.o_proj 2 1.5", false },
        { """ "r": 2, "lora_alpha": 3, "target_modules": ["up_proj"], "layers_to_transform": [0], "exclude_modules": ".*down.*" """, "0.mlp.up_proj 2 1.5", true },
    };

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Load_ConfigurationFromPython_ComputesTheMergedModelAndKnowsWhatIsMissing(string fields, string meaning, bool tied)
    {
        using var model = new TinyModel(new TinyShape { Tied = tied, AttentionBias = true });
        using AdapterFolder folder = AdapterFolder.With(fields);
        var layers = meaning.Split("; ").Select(m => m.Split(' ')).Select(p => (Path: "model.layers." + p[0], Rank: int.Parse(p[1]), Scale: double.Parse(p[2], System.Globalization.CultureInfo.InvariantCulture))).ToList();
        layers.ForEach(l => folder.Add(model, l.Path, l.Rank));
        folder.Write();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        double[][] got = Logits(decoder, folder.Folder, Ids);
        layers.ForEach(l => folder.Merge(model, l.Path, l.Scale));
        AssertClose(new ReferenceDecoder(model).Logits(Ids), got);

        // Without the last layer, and with one that no configuration here selects.
        foreach (string name in folder.Tensors.Keys.Where(k => k.Contains(layers[^1].Path)).ToList())
        {
            folder.Tensors.Remove(name);
        }

        using JsonDocument json = JsonDocument.Parse("{" + fields + "}");
        folder.Add(model, "model.layers.1.mlp.up_proj", json.RootElement.GetProperty("r").GetInt32()).Write();
        string message = Assert.Throws<ModelFormatException>(() => Logits(decoder, folder.Folder, Ids)).Message;
        Assert.Contains($"missing: {layers[^1].Path}", message, StringComparison.Ordinal);
        Assert.Contains("'model.layers.1.mlp.up_proj', which the adapter's configuration does not select", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_HalfOfTheLayers_NamesEveryMissingOne()
    {
        using var model = new TinyModel(new TinyShape { Layers = 4 });
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2, \"target_modules\": [\"q_proj\", \"v_proj\"]");
        foreach (int i in new[] { 0, 2 })
        {
            folder.Add(model, $"model.layers.{i}.self_attn.q_proj", 2).Add(model, $"model.layers.{i}.self_attn.v_proj", 2);
        }

        folder.Write();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        string message = Assert.Throws<ModelFormatException>(() => Logits(decoder, folder.Folder, Ids)).Message;
        Assert.All(new[] { 1, 3 }, i => Assert.All(new[] { "q", "v" }, p => Assert.Contains($"model.layers.{i}.self_attn.{p}_proj", message, StringComparison.Ordinal)));
        Assert.Contains("4 of 8", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Load_AdaptedHead_ComputesTheMergedModel(bool tied)
    {
        using var model = new TinyModel(new TinyShape { Tied = tied });
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2, \"lora_alpha\": 3, \"target_modules\": [\"lm_head\"]").Add(model, "lm_head", 2).Write();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        double[][] got = Logits(decoder, folder.Folder, Ids);
        using TinyModel untied = Untie(model);
        folder.Merge(untied, "lm_head", 1.5);
        AssertClose(new ReferenceDecoder(untied).Logits(Ids), got);
    }

    [Fact]
    public void Load_SavedModules_TakeThePlaceOfTheModelsAndGoAgain()
    {
        using var model = new TinyModel(new TinyShape { AttentionBias = true });
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2, \"lora_alpha\": 2, \"target_modules\": [\"q_proj\"], \"modules_to_save\": [\"embed_tokens\", \"lm_head\", \"norm\", \"1.self_attn.k_proj\"]");
        folder.Add(model, "model.layers.0.self_attn.q_proj", 2).Add(model, "model.layers.1.self_attn.q_proj", 2);
        // "norm" is the end of every norm's path: PEFT asks for no dot.
        string[] names = [.. model.Weights.Keys.Where(n => n.EndsWith("norm.weight", StringComparison.Ordinal) || n.Contains("embed_tokens") || n.Contains("lm_head") || n.Contains("1.self_attn.k_proj"))];
        Assert.Equal(9, names.Length);
        foreach (string name in names)
        {
            folder.AddTensor("base_model.model." + name, model.Weights[name].Shape);
        }

        folder.Write();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        double[][] before = Logits(decoder, null, Ids), got = Logits(decoder, folder.Folder, Ids);
        Assert.Equal(before, Logits(decoder, null, Ids)); // taken off, to the bit
        foreach (string name in names)
        {
            model.Weights[name] = folder.Tensors["base_model.model." + name];
        }

        folder.Merge(model, "model.layers.0.self_attn.q_proj", 1);
        folder.Merge(model, "model.layers.1.self_attn.q_proj", 1);
        AssertClose(new ReferenceDecoder(model).Logits(Ids), got);

        folder.Tensors.Remove("base_model.model.model.layers.1.self_attn.k_proj.bias");
        folder.Write();
        Assert.Contains("model.layers.1.self_attn.k_proj.bias", Assert.Throws<ModelFormatException>(() => Logits(decoder, folder.Folder, Ids)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"modules_to_save\": [\"embed_tokens\"]", "model.embed_tokens.weight", true, false)]
    [InlineData("\"modules_to_save\": [\"lm_head\"]", "lm_head.weight", false, true)]
    [InlineData("\"modules_to_save\": [\"embed_tokens\"], \"ensure_weight_tying\": true", "model.embed_tokens.weight", true, true)]
    [InlineData("\"modules_to_save\": null", "model.embed_tokens.weight", true, true)] // save_embedding_layers: still one matrix
    public void Load_OneOfTiedEmbeddings_ChangesWhatPeftChanges(string field, string name, bool changesEmbedding, bool changesHead)
    {
        using var model = new TinyModel(new TinyShape { Tied = true });
        using AdapterFolder folder = AdapterFolder.With($"\"r\": 2, \"lora_alpha\": 2, \"target_modules\": [\"q_proj\"], \"layers_to_transform\": [0], {field}");
        folder.Add(model, "model.layers.0.self_attn.q_proj", 2).AddTensor("base_model.model." + name, [37, 12]).Write();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        double[][] got = Logits(decoder, folder.Folder, Ids);
        using TinyModel untied = Untie(model);
        folder.Merge(untied, "model.layers.0.self_attn.q_proj", 1);
        if (changesEmbedding)
        {
            untied.Weights["model.embed_tokens.weight"] = folder.Tensors["base_model.model." + name];
        }

        if (changesHead)
        {
            untied.Weights["lm_head.weight"] = folder.Tensors["base_model.model." + name];
        }

        AssertClose(new ReferenceDecoder(untied).Logits(Ids), got);
    }

    [Theory]
    [InlineData(false, 40)]
    [InlineData(true, 40)]
    [InlineData(false, 33)]
    public void Load_ResizedVocabulary_BringsItsRows(bool tied, int rows)
    {
        using var model = new TinyModel(new TinyShape { Tied = tied });
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2, \"lora_alpha\": 2, \"target_modules\": [\"q_proj\"], \"layers_to_transform\": [0]");
        folder.Add(model, "model.layers.0.self_attn.q_proj", 2).AddTensor("base_model.model.model.embed_tokens.weight", [rows, 12]);
        folder.AddTensor("base_model.model.lm_head.weight", [rows, 12]);
        folder.Write();
        int[] ids = [.. Ids.Select(i => i % 33), rows - 1];
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        double[][] got = Logits(decoder, folder.Folder, ids);
        Assert.Equal(rows, got[0].Length);
        Assert.Equal(37, decoder.VocabularySize); // taken off again
        using var resized = new TinyModel(model.Shape with { Tied = false, Vocabulary = rows });
        foreach ((string name, (long[] Shape, float[] Values) weight) in model.Weights)
        {
            resized.Weights[name] = weight;
        }

        folder.Merge(resized, "model.layers.0.self_attn.q_proj", 1);
        resized.Weights["model.embed_tokens.weight"] = folder.Tensors["base_model.model.model.embed_tokens.weight"];
        resized.Weights["lm_head.weight"] = folder.Tensors["base_model.model.lm_head.weight"];
        AssertClose(new ReferenceDecoder(resized).Logits(ids), got);

        if (!tied)
        {
            folder.Tensors.Remove("base_model.model.lm_head.weight");
            folder.Write();
            Assert.Contains($"{rows} rows and the output head 37", Assert.Throws<ModelFormatException>(() => Logits(decoder, folder.Folder, ids)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Generate_ResizedVocabulary_SamplesAmongAllRows()
    {
        using var model = new TinyModel(new TinyShape());
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2, \"target_modules\": [\"q_proj\"], \"layers_to_transform\": [0]").Add(model, "model.layers.0.self_attn.q_proj", 2);
        folder.AddTensor("base_model.model.model.embed_tokens.weight", [45, 12]).AddTensor("base_model.model.lm_head.weight", [45, 12]).Write();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        using PeftAdapter peft = PeftAdapter.Load(folder.Folder);
        using LoraAdapter adapter = LoraAdapter.Load(decoder, peft);
        adapter.Attach(decoder);
        GeneratedIds[] answers = [.. new TokenGenerator(decoder).Generate([[1, 44], [2, 40, 3]], new GenerationOptions { MaxNewTokens = 30, Temperature = 5, Seed = 3 }, [])];
        Assert.Contains(answers.SelectMany(a => a.TokenIds), id => id >= 37);
        Assert.All(answers.SelectMany(a => a.TokenIds), id => Assert.InRange(id, 0, 44));
    }

    [Theory]
    [InlineData("base_model.model.model.norm.weight", 13, "saved as [13]")]
    [InlineData("base_model.model.score.norm.weight", 12, "no weight")]
    public void Load_SavedModuleThatDoesNotFit_IsNamed(string name, int size, string said)
    {
        using var model = new TinyModel(new TinyShape());
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2, \"target_modules\": [\"q_proj\"], \"layers_to_transform\": [0], \"modules_to_save\": [\"model.norm\", \"score.norm\"]");
        folder.Add(model, "model.layers.0.self_attn.q_proj", 2).AddTensor(name, [size]).Write();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        Assert.Contains(said, Assert.Throws<ModelFormatException>(() => Logits(decoder, folder.Folder, Ids)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AndDispose_LeavesNoTensorAlive()
    {
        using var model = new TinyModel(new TinyShape());
        using AdapterFolder folder = AdapterFolder.With("\"r\": 2, \"target_modules\": [\"q_proj\"], \"layers_to_transform\": [0], \"modules_to_save\": [\"norm\", \"lm_head\"]").Add(model, "model.layers.0.self_attn.q_proj", 2);
        foreach (string name in model.Weights.Keys.Where(n => n.EndsWith("norm.weight", StringComparison.Ordinal) || n.Contains("lm_head")))
        {
            folder.AddTensor("base_model.model." + name, model.Weights[name].Shape);
        }

        folder.Write();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        Logits(decoder, folder.Folder, Ids);
        long before = LiveTensors.Count();
        Logits(decoder, folder.Folder, Ids);
        Assert.Equal(before, LiveTensors.CountDropped());
    }

    internal static void AssertClose(double[][] want, double[][] got) =>
        Assert.All(want.Zip(got), r => Assert.All(r.First.Zip(r.Second), v => Assert.True(Math.Abs(v.First - v.Second) <= 2e-4 * (1 + Math.Abs(v.First)), $"{v.First} {v.Second}")));

    /// <summary>Logits [T][V] with an adapter from a folder, or none.</summary>
    internal static double[][] Logits(Decoder decoder, string? adapterFolder, int[] ids)
    {
        using PeftAdapter? peft = adapterFolder is null ? null : PeftAdapter.Load(adapterFolder);
        using LoraAdapter? adapter = peft is null ? null : LoraAdapter.Load(decoder, peft);
        adapter?.Attach(decoder);
        try
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            decoder.CheckIds(ids);
            Tensor logits = decoder.Head(decoder.Hidden(tensor(ids.Select(i => (long)i).ToArray()).unsqueeze(0)))[0].to(ScalarType.Float64);
            double[] flat = logits.contiguous().data<double>().ToArray();
            return [.. flat.Chunk((int)logits.size(1))];
        }
        finally
        {
            LoraAdapter.Detach(decoder);
        }
    }

    private static TinyModel Untie(TinyModel model)
    {
        var untied = new TinyModel(model.Shape with { Tied = false });
        foreach ((string name, (long[] shape, float[] values)) in model.Weights)
        {
            untied.Weights[name] = (shape, [.. values]);
        }

        if (model.Shape.Tied)
        {
            untied.Weights["lm_head.weight"] = (model.Weights["model.embed_tokens.weight"].Shape, [.. model.Weights["model.embed_tokens.weight"].Values]);
        }

        return untied;
    }
}
