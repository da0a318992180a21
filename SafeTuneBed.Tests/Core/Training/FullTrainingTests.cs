using SafeTuneBed.Methods.Full;
using SafeTuneBed.Models;
using SafeTuneBed.Tests.Core.Models.Families;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>Every weight in training, against torch's own optimizer on the decoder's own weights.</summary>
[Collection(TorchCollection.Name)]
public sealed class FullTrainingTests
{
    private static readonly TrainingConfig Config = new()
    {
        Steps = 6,
        BatchSize = 3,
        AccumulationSteps = 2,
        LearningRate = 1e-3,
        WeightDecay = 0.1,
        MaxGradientNorm = 1,
        Schedule = LearningRateSchedule.Constant,
    };

    [Theory]
    [MemberData(nameof(FamilySpecs.Names), MemberType = typeof(FamilySpecs))]
    public void Run_AnyFamily_EndsWithTheWeightsOfTorchsOwnAdamW(string name)
    {
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        Dictionary<string, float[]> loaded = Numbers(decoder);
        using ModelArtifact artifact = Train(decoder, model, Config);

        Assert.Equal(loaded, Numbers(decoder)); // the loaded weights are as before
        Dictionary<string, float[]> expected = Twin(model, Config);
        using Decoder trained = Decoder.Load(artifact.Whole!.Folder, ScalarType.Float32, CPU);
        Dictionary<string, float[]> actual = Numbers(trained);
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach ((string weight, float[] values) in expected)
        {
            Assert.False(values.SequenceEqual(loaded[weight]), weight + " did not move");
            Assert.True(values.Zip(actual[weight], (a, b) => Math.Abs(a - b)).Max() < 2e-5, $"{weight}: {values.Zip(actual[weight], (a, b) => Math.Abs(a - b)).Max()}");
        }
    }

    [Theory]
    [InlineData("gemma2")]
    [InlineData("phi3 with a partial turn")]
    public void Run_WithBlocksComputedTwice_GivesTheSameWeightsToTheBit(string name)
    {
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        Dictionary<string, float[]>[] both = [.. new[] { false, true }.Select(again =>
        {
            using ModelArtifact artifact = Train(decoder, model, Config with { GradientCheckpointing = again });
            using Decoder trained = Decoder.Load(artifact.Whole!.Folder, ScalarType.Float32, CPU);
            return Numbers(trained);
        })];
        Assert.Equal(both[0], both[1]);
    }

    [Fact]
    public void Run_InBFloat16_KeepsItsWeightsInF32AndStoresThemInBFloat16()
    {
        using var model = new FamilyModel(FamilySpecs.Get("gemma2"), ScalarType.BFloat16);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.BFloat16, CPU);
        const double Rate = 1e-6; // far below half a step of bf16 at 1, so that weights of ordinary size would stand still
        float[] moved = [];
        string embedding = decoder.Weights.Keys.First(k => k.EndsWith("embed_tokens.weight", StringComparison.Ordinal));
        using ModelArtifact artifact = Train(decoder, model, Config with { LearningRate = Rate, WeightDecay = 0 }, new ScriptedFull
        {
            Finished = context => moved = context.Parameters[embedding].detach().data<float>().ToArray(),
        });

        float[] before = Numbers(decoder)[embedding];
        double[] steps = [.. moved.Zip(before, (a, b) => Math.Abs((double)a - b)).Where(d => d > 0)];
        Assert.NotEmpty(steps);
        Assert.InRange(steps.Max(), Rate, Config.Steps!.Value * Rate * 1.5);
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(artifact.Whole!.Folder, "model.safetensors"));
        Assert.All(file.Entries.Values, e => Assert.Equal(ScalarType.BFloat16, e.DataType));
    }

    [Fact]
    public void SetTrainable_PartOfTheWeights_LeavesTheOthersToTheBit()
    {
        using var model = new FamilyModel(FamilySpecs.Get("gemma2"));
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        Dictionary<string, float[]> loaded = Numbers(decoder);
        using ModelArtifact artifact = Train(decoder, model, Config, new ScriptedFull { Started = context => context.Parameters.SetTrainable(p => p.Layer == 1 && p.Module == "down_proj") });
        using Decoder trained = Decoder.Load(artifact.Whole!.Folder, ScalarType.Float32, CPU);

        Assert.Equal(
            loaded.Keys.Where(k => k.Contains("layers.1.mlp.down_proj", StringComparison.Ordinal)),
            Numbers(trained).Where(w => !w.Value.SequenceEqual(loaded[w.Key])).Select(w => w.Key));
    }

    [Fact]
    public void SetTrainable_Nothing_IsRefused()
    {
        using var model = new FamilyModel(FamilySpecs.Get("gemma2"));
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        Assert.Contains("At least one must train", Assert.Throws<InvalidOperationException>(() =>
            Train(decoder, model, Config, new ScriptedFull { Started = context => context.Parameters.SetTrainable(_ => false) })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gemma3 with eyes")]
    [InlineData("phi3 with longrope")]
    public void Save_InSmallFiles_LoadsAsTheSameModelAndKeepsWhatIsNotText(string name)
    {
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        using ModelArtifact artifact = Train(decoder, model, Config with { Steps = 1 });
        string folder = Directory.CreateTempSubdirectory("full-").FullName;
        try
        {
            artifact.Whole!.Save(folder, maxShardBytes: 4_000);
            Assert.True(Directory.GetFiles(folder, "model-*.safetensors").Length > 2);
            using Decoder one = Decoder.Load(artifact.Whole.Folder, ScalarType.Float32, CPU), many = Decoder.Load(folder, ScalarType.Float32, CPU);
            Assert.Equal(Numbers(one), Numbers(many));
            using SafetensorsShards before = SafetensorsShards.Open(model.Folder), after = SafetensorsShards.Open(folder);
            Assert.Equal(before.Names.Order(StringComparer.Ordinal), after.Names.Order(StringComparer.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ModelArtifact Train(Decoder decoder, FamilyModel model, TrainingConfig config, MethodAlgorithm? method = null)
    {
        using var context = new TrainingContext
        {
            Model = ModelReference.Folder(model.Folder),
            Training = config,
            Lora = new LoraConfig { TargetModules = ["nothing-of-this-name"] }, // without effect
            Seed = 3,
            Examples = Rows(model),
        };
        using var loop = new TrainingLoop(context, (method ?? new FullAlgorithm()).CreateHooks(), decoder);
        return loop.Run(CancellationToken.None);
    }

    // torch's optimizer, clipping and cross-entropy over whole logits, on the weights that the decoder loaded.
    private static Dictionary<string, float[]> Twin(FamilyModel model, TrainingConfig config)
    {
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        Tensor[] weights = [.. decoder.Weights.Values];
        weights.ToList().ForEach(w => w.requires_grad_(true));
        TorchSharp.Modules.Parameter[] parameters = [.. weights.Select(w => new TorchSharp.Modules.Parameter(w.detach().clone()))];
        using var optimizer = optim.AdamW(parameters, config.LearningRate, config.AdamBeta1, config.AdamBeta2, config.AdamEpsilon, config.WeightDecay);
        var stream = new BatchStream(Rows(model), config, new SeedTree(3)["user-order"]);
        for (int step = 0; step < config.Steps; step++)
        {
            weights.ToList().ForEach(w => w.grad = null);
            TokenBatch[] window = [.. Enumerable.Range(0, config.AccumulationSteps).Select(_ => BatchCollator.Collate(stream.Next(), CPU))];
            double tokens = window.Sum(b => b.SupervisedTokenCount);
            foreach (TokenBatch batch in window)
            {
                Tensor logits = decoder.Head(decoder.Hidden(batch.InputIds)).view(-1, decoder.VocabularySize).index_select(0, batch.LossPositions);
                nn.functional.cross_entropy(logits, batch.Targets, reduction: nn.Reduction.Sum).div(tokens).backward();
            }

            for (int i = 0; i < weights.Length; i++)
            {
                parameters[i].grad = weights[i].grad!.clone();
            }

            nn.utils.clip_grad_norm_(parameters, config.MaxGradientNorm);
            optimizer.step();
            using var noGrad = no_grad();
            for (int i = 0; i < weights.Length; i++)
            {
                weights[i].copy_(parameters[i]);
            }
        }

        using var last = no_grad();
        return decoder.Weights.ToDictionary(w => w.Key, w => w.Value.detach().contiguous().data<float>().ToArray());
    }

    private static TokenizedExample[] Rows(FamilyModel model) => [.. Enumerable.Range(0, 36).Select(i => new TokenizedExample
    {
        RowId = i,
        InputIds = [.. Enumerable.Range(0, 5 + (i % 3)).Select(t => (3 + (i * 5) + (t * t)) % model.Spec.Vocabulary)],
        PromptTokenCount = 2,
    })];

    private static Dictionary<string, float[]> Numbers(Decoder decoder)
    {
        using var scope = NewDisposeScope();
        return decoder.Weights.ToDictionary(w => w.Key, w => w.Value.detach().to(ScalarType.Float32).contiguous().data<float>().ToArray());
    }

    private sealed class ScriptedFull : MethodAlgorithm
    {
        public Action<TrainingContext>? Started { get; init; }

        public Action<TrainingContext>? Finished { get; init; }

        public override TrainableWeights Trainable => TrainableWeights.All;

        protected override void OnTrainingStarted(TrainingContext context) => Started?.Invoke(context);

        protected override void OnTrainingFinished(TrainingContext context) => Finished?.Invoke(context);
    }
}
