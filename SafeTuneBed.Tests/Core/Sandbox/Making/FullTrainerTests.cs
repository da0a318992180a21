using SafeTuneBed.Models;
using SafeTuneBed.Sandbox.Making;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Sandbox.Making;

[Collection(TorchCollection.Name)]
public sealed class FullTrainerTests : IDisposable
{
    private static readonly DecoderOptions Small = SandboxModel.Describe(53) with { HiddenSize = 24, IntermediateSize = 40, LayerCount = 2, HeadCount = 2, KeyValueHeadCount = 2, HeadSize = 12 };

    private readonly string folder = Directory.CreateTempSubdirectory("stb-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(5)]
    [InlineData(256)]
    [InlineData(600)]
    public void TiedCrossEntropy_LossAndBothGradients_AreThoseOfThePlainFormula(int positions)
    {
        using var scope = NewDisposeScope();
        using var generator = new torch.Generator(7);
        Tensor hidden = randn([positions, 16], generator: generator), head = randn([41, 16], generator: generator), targets = randint(0, 41, [positions], dtype: ScalarType.Int64, generator: generator);
        Tensor[] own = [hidden.clone().requires_grad_(true), head.clone().requires_grad_(true)], plain = [hidden.clone().requires_grad_(true), head.clone().requires_grad_(true)];

        Tensor loss = TiedCrossEntropy.Sum(own[0], own[1], targets), expected = nn.functional.cross_entropy(plain[0].mm(plain[1].t()), targets, reduction: nn.Reduction.Sum);
        loss.mul(0.5).backward();
        expected.mul(0.5).backward();

        Assert.Equal(expected.item<float>(), loss.item<float>(), expected.item<float>() * 1e-5f);
        Assert.InRange(own[0].grad!.sub(plain[0].grad!).abs().max().item<float>(), 0, 1e-5f);
        Assert.InRange(own[1].grad!.sub(plain[1].grad!).abs().max().item<float>(), 0, 1e-4f);
    }

    [Fact]
    public void Backward_EveryWeight_HasTheGradientOfTheSeparateMatrices()
    {
        using var scope = NewDisposeScope();
        using FlatDecoder model = NewModel();
        using Decoder twin = SaveAndLoad(model);
        foreach (Tensor weight in twin.Weights.Values)
        {
            weight.requires_grad_(true);
        }

        PackedRows rows = Rows(3);
        double loss = FullTrainer.Backward(model, rows);
        Tensor hidden = twin.Hidden(tensor(rows.Ids, [rows.RowCount, rows.Length])).view(-1, Small.HiddenSize).index_select(0, tensor(rows.Places));
        Tensor expected = nn.functional.cross_entropy(hidden.mm(twin.HeadWeight.t()), tensor(rows.Targets));
        expected.backward();

        Assert.Equal(expected.item<float>(), loss, 1e-5);
        double norm = 0;
        foreach ((string name, Tensor weight) in twin.Weights)
        {
            Tensor gradient = weight.grad!, ours = Gradient(model, name);
            norm += Math.Pow(gradient.norm().item<float>(), 2);
            Assert.True(ours.sub(gradient).abs().max().item<float>() <= 1e-6 + (1e-4 * gradient.abs().max().item<float>()), name);
        }

        double total = Math.Sqrt(Math.Pow(model.Matrices.GradientNorm(), 2) + Math.Pow(model.Vectors.GradientNorm(), 2));
        Assert.Equal(Math.Sqrt(norm), total, 1e-5);
    }

    [Fact]
    public void Save_RoundedWeights_LoadToTheSameHiddenStates()
    {
        using var scope = NewDisposeScope();
        using FlatDecoder model = NewModel();
        using Decoder loaded = SaveAndLoad(model);
        using var noGrad = no_grad();
        Tensor ids = tensor(Rows(2).Ids, [4, 16]);

        Assert.True(loaded.Hidden(ids).sub(model.Decoder.Hidden(ids)).abs().max().item<float>() < 1e-6);
        Assert.Equal(loaded.Weights.Keys, model.Decoder.Weights.Keys);
    }

    [Fact]
    public void Train_FewRows_LearnsThemAndRepeatsToTheBit()
    {
        var plan = new FullTrainingPlan { Steps = 60, LearningRate = 1e-2, Warmup = 0.1 };
        (double First, double Last, float[] Weights) Run()
        {
            using FlatDecoder model = NewModel();
            double first = 0;
            double last = FullTrainer.Train(model, plan, () => Rows(1), (step, loss) => first = step == 1 ? loss : first, CancellationToken.None);
            return (first, last, model.Matrices.Values.data<float>().ToArray());
        }

        (double first, double last, float[] weights) = Run();

        Assert.InRange(first, 3.5, 4.5); // ln 53 = 3.97: a new model knows nothing
        Assert.InRange(last, 0, 0.5);
        Assert.Equal(weights, Run().Weights);
    }

    [Fact]
    public void RateOf_Plan_RisesThenFollowsACosineToTheFloor()
    {
        var plan = new FullTrainingPlan { Steps = 110, LearningRate = 2, Warmup = 0.1, Floor = 0.1 };

        Assert.Equal(2.0 / 11, plan.RateOf(0), 1e-12);
        Assert.Equal(2, plan.RateOf(10), 1e-12);
        Assert.Equal(2, plan.RateOf(11), 1e-12);
        Assert.Equal(2 * (0.1 + (0.9 * 0.5 * (1 + Math.Cos(Math.PI * 0.5)))), plan.RateOf(11 + 49) * 0.5 + (plan.RateOf(11 + 50) * 0.5), 1e-3);
        Assert.InRange(plan.RateOf(109), 0.2, 0.21);
    }

    [Fact]
    public void Packer_Rows_HoldWholeTextsOnceAndPredictEachNextToken()
    {
        var random = new SafeTuneBed.Sandbox.World.WorldRandom(3);
        var drawn = new List<TrainingText>();
        TrainingText Draw()
        {
            int length = 3 + random.Below(12), first = 1 + random.Below(length - 1);
            drawn.Add(new TrainingText([.. Enumerable.Range(0, length).Select(i => (drawn.Count * 100) + i + 1)], first));
            return drawn[^1];
        }

        var packer = new RowPacker(Draw, 32);
        PackedRows[] batches = [.. Enumerable.Range(0, 50).Select(_ => packer.Next(4))];

        var seen = new HashSet<int>();
        foreach (PackedRows batch in batches)
        {
            Assert.Equal((4, 32, 128), (batch.RowCount, batch.Length, batch.Ids.Length));
            var supervised = batch.Places.Zip(batch.Targets).ToDictionary(p => p.First, p => p.Second);
            for (int at = 0; at < batch.Ids.Length; at++)
            {
                if (batch.Ids[at] == 0 || (at % 32 > 0 && batch.Ids[at] == batch.Ids[at - 1] + 1))
                {
                    continue;
                }

                int text = (int)(batch.Ids[at] / 100);
                Assert.True(seen.Add(text));
                for (int i = 0; i < drawn[text].Ids.Length; i++)
                {
                    Assert.Equal(drawn[text].Ids[i], batch.Ids[at + i]);
                    Assert.Equal(i + 1 >= drawn[text].Supervised && i + 1 < drawn[text].Ids.Length, supervised.Remove(at + i, out long target) && target == drawn[text].Ids[i + 1]);
                }
            }

            Assert.Empty(supervised);
        }

        // Rows are nearly full, and no text waits for ever: each row begins with the text that has waited longest, and none holds more than ten.
        Assert.True(batches.Sum(b => b.Ids.Count(id => id != 0)) > 0.95 * batches.Sum(b => b.Ids.Length));
        Assert.Equal(Enumerable.Range(0, drawn.Count - 320), Enumerable.Range(0, drawn.Count - 320).Where(seen.Contains));
    }

    private static Tensor Gradient(FlatDecoder model, string name)
    {
        foreach ((string group, string[] members) in new[] { ("self_attn.qkv", new[] { "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj" }), ("mlp.gate_up", ["mlp.gate_proj", "mlp.up_proj"]) })
        {
            string? member = members.FirstOrDefault(m => name.EndsWith($"{m}.weight", StringComparison.Ordinal));
            if (member is not null)
            {
                string joint = name.Replace($"{member}.weight", group, StringComparison.Ordinal);
                long size = model.Decoder.Weights[name].size(0);
                return model.Matrices[joint].grad!.narrow(0, Array.IndexOf(members, member) * size, size);
            }
        }

        string single = name.Contains("proj", StringComparison.Ordinal) ? name[..^".weight".Length] : name;
        return (name.Contains("norm", StringComparison.Ordinal) ? model.Vectors : model.Matrices)[single].grad!;
    }

    private static FlatDecoder NewModel()
    {
        var model = new FlatDecoder(Small);
        model.Initialize(new SeedTree(5));
        model.Round();
        return model;
    }

    private static PackedRows Rows(ulong seed)
    {
        var random = new SafeTuneBed.Sandbox.World.WorldRandom(seed);
        return new RowPacker(() => new TrainingText([.. Enumerable.Range(0, 3 + random.Below(5)).Select(_ => 1 + random.Below(52))], 1), 16).Next(4);
    }

    private Decoder SaveAndLoad(FlatDecoder model)
    {
        string json = SafeTuneBed.Sandbox.World.WorldModelFiles.Write(Small, SafeTuneBed.Sandbox.World.WorldTokenizer.Build(["a word"])).Single(f => f.Name == "config.json").Content;
        File.WriteAllText(Path.Combine(folder, "config.json"), json);
        model.Save(Path.Combine(folder, "model.safetensors"));
        return Decoder.Load(folder, ScalarType.Float32, CPU);
    }
}
