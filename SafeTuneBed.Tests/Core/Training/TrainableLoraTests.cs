using System.Text.Json;
using SafeTuneBed.Models;
using SafeTuneBed.Tests.Core.Models;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>Adapters in training: which layers, ranks and scales, weights trained whole, and what is refused.</summary>
[Collection(TorchCollection.Name)]
public sealed class TrainableLoraTests
{
    private static readonly int[] Ids = [3, 11, 30, 22, 9, 17, 5];
    private const int Prompt = 3;

    [Fact]
    public void Run_Patterns_ShapeTheFactorsAndComeBackFromDisk()
    {
        using var model = new TinyModel(new TinyShape());
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        var lora = new LoraConfig
        {
            Rank = 2,
            Alpha = 6,
            TargetModules = ["v_proj", "down_proj", "lm_head"],
            LayersToTransform = [1],
            ExcludeModules = ["lm_head"],
            RankPattern = new Dictionary<string, int> { ["down_proj"] = 3 },
            AlphaPattern = new Dictionary<string, double> { [@"layers\.1\.mlp\.down_proj"] = 12 },
        };
        using ModelArtifact artifact = Train(decoder, lora, 6, 0.02);
        Assert.Equal(["model.layers.1.mlp.down_proj", "model.layers.1.self_attn.v_proj"], artifact.Adapter!.Factors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([3, 20], artifact.Adapter.Factors["model.layers.1.mlp.down_proj"].A.shape);
        Assert.Equal([12, 2], artifact.Adapter.Factors["model.layers.1.self_attn.v_proj"].B.shape);
        AssertComesBack(decoder, model, artifact, ("model.layers.1.mlp.down_proj", 4), ("model.layers.1.self_attn.v_proj", 3));
    }

    [Theory]
    [InlineData(@".*\.0\..*[qv]_proj", null, "0.self_attn.q_proj 0.self_attn.v_proj")]
    [InlineData(null, ".*self_attn.*", "0.mlp.down_proj 0.mlp.gate_proj 0.mlp.up_proj 1.mlp.down_proj 1.mlp.gate_proj 1.mlp.up_proj")]
    public void Run_TargetPatternOrAllLinear_AdaptsWhatMatches(string? pattern, string? excluded, string expected)
    {
        using var model = new TinyModel(new TinyShape());
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        using ModelArtifact artifact = Train(decoder, new LoraConfig { Rank = 2, TargetPattern = pattern, TargetModules = ["all-linear"], ExcludePattern = excluded }, 1, 0);
        Assert.Equal(expected.Split(' ').Select(p => "model.layers." + p), artifact.Adapter!.Factors.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(false, "embed_tokens")]
    [InlineData(false, "lm_head")]
    [InlineData(false, "embed_tokens,lm_head")]
    [InlineData(true, "embed_tokens")]
    [InlineData(true, "lm_head")]
    public void Run_ModulesToSave_HaveTheGradientOfTheLoss(bool tied, string modules)
    {
        using var model = new TinyModel(new TinyShape { Tied = tied });
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        var lora = new LoraConfig { Rank = 2, Dropout = 0, TargetModules = ["q_proj"], ModulesToSave = modules.Split(',') };
        var gradients = new Dictionary<string, float[]>();
        using ModelArtifact artifact = Train(decoder, lora, 1, 0, step =>
        {
            using GradientSet set = step.Gradients(step.Batch);
            foreach (string name in step.Parameters.Names.Where(n => n.EndsWith("embed_tokens.weight", StringComparison.Ordinal) || n == "lm_head.weight"))
            {
                gradients[name] = set[name].contiguous().data<float>().ToArray();
            }
        });
        Assert.Equal(modules.Split(',').Length, gradients.Count);

        // B is zero, so the model is the base; its twin has a head of its own, whose entries are moved one at a time.
        using var twin = new TinyModel(model.Shape with { Tied = false });
        foreach ((string name, (long[] shape, float[] values)) in model.Weights)
        {
            twin.Weights[name] = (shape, [.. values]);
        }

        if (tied)
        {
            twin.Weights["lm_head.weight"] = (twin.Weights["lm_head.weight"].Shape, [.. model.Weights["model.embed_tokens.weight"].Values]);
        }

        foreach ((string name, float[] gradient) in gradients)
        {
            Assert.True(gradient.Max(Math.Abs) > 0.01);
            foreach (int row in new[] { 3, 22, 5, 36 }) // in the prompt, in the answer, last, nowhere
            {
                for (int column = 0; column < 12; column += 5)
                {
                    int entry = (row * 12) + column;
                    Assert.Equal(Slope(twin, name, entry), gradient[entry], 2e-3);
                }
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_ModulesToSave_TrainAreSavedAndLeaveTheModelAsItWas(bool tied)
    {
        using var model = new TinyModel(new TinyShape { Tied = tied });
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        double[][] before = LoraAdapterTests.Logits(decoder, null, Ids);
        using ModelArtifact artifact = Train(decoder, new LoraConfig { Rank = 2, Alpha = 2, TargetModules = ["q_proj", "lm_head"], LayersToTransform = [0], ModulesToSave = ["embed_tokens"] }, 8, 0.02);
        Assert.Equal(before, LoraAdapterTests.Logits(decoder, null, Ids));
        Assert.Equal(["model.embed_tokens.weight"], artifact.Adapter!.Saved.Keys);
        Assert.True(artifact.Adapter.Saved.Values.Single().sub(decoder.Weights["model.embed_tokens.weight"]).abs().max().item<float>() > 0.05);
        AssertComesBack(decoder, model, artifact, ("model.layers.0.self_attn.q_proj", 1));
    }

    [Fact]
    public void Run_AdaptedHead_IsPartOfTheLossAndLearns()
    {
        using var model = new TinyModel(new TinyShape());
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        var losses = new List<double>();
        using ModelArtifact artifact = Train(decoder, new LoraConfig { Rank = 4, Alpha = 8, Dropout = 0, TargetModules = ["lm_head"] }, 60, 0.02, losses: losses);
        Assert.Equal(Loss(model, Ids), losses[0], 1e-4);
        Assert.True(losses[^1] < 0.5 * losses[0], $"{losses[0]} -> {losses[^1]}");
        AssertComesBack(decoder, model, artifact, ("lm_head", 2));
    }

    [Fact]
    public void Run_ModulesToSaveInBFloat16_TrainsThemInSingle()
    {
        using var model = new TinyModel(new TinyShape());
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.BFloat16, CPU);
        var losses = new List<double>();
        using ModelArtifact artifact = Train(decoder, new LoraConfig { Rank = 2, TargetModules = ["q_proj"], ModulesToSave = ["lm_head", "embed_tokens"] }, 30, 0.02, losses: losses);
        Assert.All(artifact.Adapter!.Saved.Values, w => Assert.Equal(ScalarType.Float32, w.dtype));
        Assert.True(losses[^1] < 0.5 * losses[0]);
    }

    public static TheoryData<LoraConfig, string[]> Unfit => new()
    {
        { new LoraConfig { TargetModules = ["q_proj", "query"] }, ["'query'", "q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, lm_head"] },
        { new LoraConfig { TargetModules = [] }, ["no target modules"] },
        { new LoraConfig { TargetModules = ["all-linear", "q_proj"] }, ["'all-linear'"] },
        { new LoraConfig { TargetPattern = ".*query" }, ["'.*query'", "down_proj"] },
        { new LoraConfig { LayersToTransform = [0, 2] }, ["block 2", "0 to 1"] },
        { new LoraConfig { LayersToTransform = [0], LayersPattern = ["h"] }, ["no target module is left"] },
        { new LoraConfig { ExcludeModules = ["self_attn.q_proj", "v_proj"] }, ["no target module is left"] },
        { new LoraConfig { RankPattern = new Dictionary<string, int> { ["k_proj"] = 3 } }, ["RankPattern", "'k_proj'"] },
        { new LoraConfig { AlphaPattern = new Dictionary<string, double> { ["q_porj"] = 3 } }, ["AlphaPattern", "'q_porj'"] },
        { new LoraConfig { RankPattern = new Dictionary<string, int> { ["q_proj"] = 3, ["layers.0.self_attn.q_proj"] = 4 } }, ["'q_proj' and 'layers.0.self_attn.q_proj' differ", "model.layers.0.self_attn.q_proj"] },
        { new LoraConfig { ModulesToSave = ["norm"] }, ["ModulesToSave", "norm", "embed_tokens and lm_head"] },
        { new LoraConfig { ModulesToSave = ["classifier"] }, ["classifier"] },
    };

    [Theory]
    [MemberData(nameof(Unfit))]
    public void Run_SettingsThatDoNotFitTheModel_NameTheValueAndWhatThereIs(LoraConfig lora, string[] said)
    {
        using var model = new TinyModel(new TinyShape());
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        var fault = Assert.Throws<ConfigurationException>(() => Train(decoder, lora, 1, 0));
        Assert.All(said, s => Assert.Contains(s, fault.Message, StringComparison.Ordinal));
    }

    // Saved, loaded and attached it is the reference with the same factors.
    private static void AssertComesBack(Decoder decoder, TinyModel model, ModelArtifact artifact, params (string Path, double Scale)[] layers)
    {
        string folder = Directory.CreateTempSubdirectory("trained-").FullName;
        using AdapterFolder sums = AdapterFolder.With("\"r\": 1");
        using var twin = new TinyModel(model.Shape with { Tied = false });
        try
        {
            artifact.Save(folder);
            double[][] got = LoraAdapterTests.Logits(decoder, folder, Ids);
            foreach ((string name, (long[] shape, float[] values)) in model.Weights)
            {
                twin.Weights[name] = (shape, [.. values]);
            }

            if (model.Shape.Tied)
            {
                twin.Weights["lm_head.weight"] = (twin.Weights["lm_head.weight"].Shape, [.. model.Weights["model.embed_tokens.weight"].Values]);
            }

            foreach ((string name, Tensor weight) in artifact.Adapter!.Saved)
            {
                twin.Weights[name] = (weight.shape, weight.data<float>().ToArray());
            }

            foreach ((string path, (Tensor a, Tensor b)) in artifact.Adapter.Factors)
            {
                sums.Tensors[$"base_model.model.{path}.lora_A.weight"] = (a.shape, a.data<float>().ToArray());
                sums.Tensors[$"base_model.model.{path}.lora_B.weight"] = (b.shape, b.data<float>().ToArray());
                sums.Merge(twin, path, layers.Any(l => l.Path == path) ? layers.First(l => l.Path == path).Scale : 1);
            }

            LoraAdapterTests.AssertClose(new ReferenceDecoder(twin).Logits(Ids), got);
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, PeftAdapter.ConfigFile)));
            Assert.Equal("LORA", json.RootElement.GetProperty("peft_type").GetString());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double Slope(TinyModel model, string name, int entry)
    {
        const float step = 1f / 256;
        float[] values = model.Weights[name].Values;
        float kept = values[entry];
        values[entry] = kept + step;
        double up = Loss(model, Ids), upper = values[entry];
        values[entry] = kept - step;
        double down = Loss(model, Ids), lower = values[entry];
        values[entry] = kept;
        return (up - down) / (upper - lower);
    }

    private static double Loss(TinyModel model, int[] ids)
    {
        double[][] logs = new ReferenceDecoder(model).LogProbabilities(ids);
        return -Enumerable.Range(Prompt, ids.Length - Prompt).Average(t => logs[t - 1][ids[t]]);
    }

    private static ModelArtifact Train(Decoder decoder, LoraConfig lora, int steps, double rate, Action<TrainingStep>? ready = null, List<double>? losses = null)
    {
        using var context = new TrainingContext
        {
            Model = ModelReference.Folder("tiny"),
            Training = new TrainingConfig { Steps = steps, BatchSize = 1, LearningRate = rate, Schedule = LearningRateSchedule.Constant },
            Lora = lora,
            Seed = 4,
            Examples = [new TokenizedExample { RowId = 0, InputIds = Ids, PromptTokenCount = Prompt }],
            Progress = losses is null ? null : new Collector(losses),
        };
        using var loop = new TrainingLoop(context, new Hooks(ready), decoder);
        return loop.Run(CancellationToken.None);
    }

    private sealed class Collector(List<double> losses) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => losses.Add(value.Loss);
    }

    private sealed class Hooks(Action<TrainingStep>? ready) : ITrainingHooks
    {
        public MethodNeeds Needs => MethodNeeds.None;

        public void OnTrainingStarted(TrainingContext context)
        {
        }

        public Tensor ComputeLoss(TrainingStep step, TokenBatch batch, ModelOutput output) => output.CrossEntropy();

        public void ComputeGradients(TrainingStep step) => step.AccumulateLoss(step.Batch);

        public void OnGradientsReady(TrainingStep step) => ready?.Invoke(step);

        public void OnOptimizerStepped(TrainingStep step)
        {
        }

        public void OnTrainingFinished(TrainingContext context)
        {
        }
    }
}
