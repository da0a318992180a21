using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

[Collection(TorchCollection.Name)]
public sealed class DecoderTests
{
    private const string Llama3Scaling = """{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":16}""";

    public static TheoryData<TinyShape> Shapes() => new(
        new TinyShape(),
        new TinyShape { Seed = 2, Heads = 6, KeyValueHeads = 1, HeadSize = 4, AttentionBias = true, MlpBias = true, Tied = true },
        new TinyShape { Seed = 3, Heads = 3, KeyValueHeads = 3, HeadSize = null, Layers = 3, RopeScaling = """{"type":"linear","factor":2.5}""" },
        new TinyShape { Seed = 4, HeadSize = 16, Theta = 5000, RopeScaling = Llama3Scaling, Layers = 1 },
        new TinyShape { Seed = 5, Heads = 8, KeyValueHeads = 2, HeadSize = 2, RopeScaling = """{"rope_type":"default"}""", MlpBias = true });

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Hidden_OfRandomModels_EqualsPlainLoops(TinyShape shape)
    {
        using var model = new TinyModel(shape);
        int[] ids = RandomIds(shape, 23);
        double[][] expected = new ReferenceDecoder(model).Logits(ids);
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);

        Tensor logits_TV = decoder.Head(decoder.Hidden(Row(ids)))[0];

        Assert.Equal(expected.SelectMany(r => r), logits_TV.data<double>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-9);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Hidden_WithGraph_EqualsHiddenWithout(TinyShape shape)
    {
        // The two take different ways through the block: separate or joint projections, functions with or without a graph.
        using var model = new TinyModel(shape);
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        Tensor ids_BT = Row(RandomIds(shape, 9));
        Tensor plain;
        using (no_grad())
        {
            plain = decoder.Hidden(ids_BT);
        }

        decoder.Weights["model.embed_tokens.weight"].requires_grad_(true);
        Tensor withGraph = decoder.Hidden(ids_BT);

        Assert.True(withGraph.requires_grad);
        Assert.True(withGraph.sub(plain).abs().max().item<double>() < 1e-10);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Gradients_OfEveryWeight_EqualFiniteDifferences(TinyShape shape)
    {
        using var model = new TinyModel(shape);
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        Tensor ids_BT = tensor(RandomIds(shape, 14).Select(i => (long)i).ToArray(), [2, 7]), targets = Row(RandomIds(shape, 14)).reshape(-1);
        Tensor Loss() => nn.functional.cross_entropy(decoder.Head(decoder.Hidden(ids_BT)).reshape(14, -1), targets);
        foreach (Tensor weight in decoder.Weights.Values)
        {
            weight.requires_grad_(true);
        }

        Loss().backward();

        var random = new Random(shape.Seed);
        foreach ((string name, Tensor weight) in decoder.Weights)
        {
            Assert.NotNull(weight.grad);
            using var noGrad = no_grad();
            Tensor direction = tensor(Enumerable.Range(0, (int)weight.numel()).Select(_ => random.NextDouble() - 0.5).ToArray(), weight.shape);
            double slope = weight.grad.mul(direction).sum().item<double>();
            const double step = 1e-5;
            weight.add_(direction, alpha: step);
            double above = Loss().item<double>();
            weight.add_(direction, alpha: -2 * step);
            double below = Loss().item<double>();
            weight.add_(direction, alpha: step);
            Assert.True(Math.Abs(((above - below) / (2 * step)) - slope) < 1e-6, $"{name}: slope {slope}, by differences {(above - below) / (2 * step)}");
        }
    }

    [Fact]
    public void Hidden_TrainedAboveAFrozenPart_GivesGradientsThroughTheFastForms()
    {
        // Only the first block's value projection is trained: norms, rotations and activations above it are frozen and must pass gradients on.
        using var model = new TinyModel(new TinyShape { Seed = 8, Layers = 3, AttentionBias = true });
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        Tensor ids_BT = Row(RandomIds(model.Shape, 8)), weight = decoder.Weights["model.layers.0.self_attn.v_proj.weight"].requires_grad_(true);
        Tensor Loss() => decoder.Head(decoder.Hidden(ids_BT)).logsumexp(-1).square().sum();

        Loss().backward();

        using var noGrad = no_grad();
        Tensor direction = weight.grad!.clone();
        double slope = direction.square().sum().item<double>();
        double step = 1e-6 / Math.Sqrt(slope);
        weight.add_(direction, alpha: step);
        double above = Loss().item<double>();
        weight.add_(direction, alpha: -2 * step);
        double below = Loss().item<double>();
        Assert.Equal(1, (above - below) / (2 * step) / slope, 1e-6);
        Assert.Null(decoder.Weights["model.layers.0.self_attn.k_proj.weight"].grad);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Hidden_ForwardAndBackwardAgainAndAgain_LeavesNoTensorBehind(ScalarType type)
    {
        using var model = new TinyModel(new TinyShape { Seed = 6 });
        using Decoder decoder = Decoder.Load(model.Folder, type, CPU);
        Tensor weight = decoder.Weights["model.layers.0.self_attn.q_proj.weight"].requires_grad_(true);
        void Pass()
        {
            using var scope = NewDisposeScope();
            Tensor loss = decoder.Head(decoder.Hidden(Row(RandomIds(model.Shape, 10)))).sum();
            loss.backward();
            weight.grad!.zero_();
            using (no_grad())
            {
                decoder.Hidden(Row(RandomIds(model.Shape, 10)), ones([1, 10], ScalarType.Int64));
            }
        }

        Pass();
        long before = LiveTensors.Count();
        for (int i = 0; i < 20; i++)
        {
            Pass();
        }

        Assert.Equal(before, LiveTensors.CountDropped());
    }

    [Fact]
    public void Dispose_OfADecoder_FreesEveryTensor()
    {
        using var model = new TinyModel(new TinyShape { AttentionBias = true, MlpBias = true });
        void LoadAndDrop()
        {
            using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
            using var scope = NewDisposeScope();
            decoder.Hidden(Row([1, 2, 3]));
        }

        LoadAndDrop();
        long before = LiveTensors.Count();
        LoadAndDrop();

        Assert.Equal(before, LiveTensors.CountDropped());
    }

    [Fact]
    public void Linears_OfADecoder_AreNamedInTheModelsOrder()
    {
        using var model = new TinyModel(new TinyShape());
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        string[] parts = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"];

        Assert.Equal(parts.Select(p => "model.layers.0." + p).Concat(parts.Select(p => "model.layers.1." + p)), decoder.Linears.Select(l => l.Path));
        Assert.Equal(model.Weights.Keys.Order(), decoder.Weights.Keys.Order());
        Assert.All(decoder.Weights, w => Assert.Equal(model.Weights[w.Key].Values, w.Value.contiguous().data<float>().ToArray()));
        Assert.All(decoder.Weights.Values, w => Assert.False(w.requires_grad));
    }

    [Fact]
    public void Weights_WrittenInPlace_ChangeWhatTheJointProductComputes()
    {
        using var model = new TinyModel(new TinyShape());
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        using var noGrad = no_grad();
        foreach (string name in new[] { "model.layers.1.self_attn.k_proj.weight", "model.layers.0.mlp.up_proj.weight" })
        {
            decoder.Weights[name].mul_(-2);
            float[] values = model.Weights[name].Values;
            Array.ForEach([.. Enumerable.Range(0, values.Length)], i => values[i] *= -2);
        }

        double[][] expected = new ReferenceDecoder(model).Logits([3, 1, 4, 1, 5]);

        Assert.Equal(expected.SelectMany(r => r), decoder.Head(decoder.Hidden(Row([3, 1, 4, 1, 5])))[0].data<double>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-9);
    }

    [Fact]
    public void Rope_PositionsBeyondTheFirstTable_AreComputedWhenMet()
    {
        using var model = new TinyModel(new TinyShape { Seed = 9, Layers = 1, Context = 1000 });
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        decoder.Hidden(Row([1, 2]));
        int[] ids = RandomIds(model.Shape, 300);

        double[] expected = new ReferenceDecoder(model).Logits(ids)[^1];

        Assert.Equal(expected, decoder.Head(decoder.Hidden(Row(ids)))[0, ids.Length - 1].data<double>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-9);
    }

    internal static Tensor Row(int[] ids) => tensor(ids.Select(i => (long)i).ToArray(), [1, ids.Length]);

    internal static int[] RandomIds(TinyShape shape, int count)
    {
        var random = new Random(shape.Seed + 1000);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(shape.Vocabulary))];
    }
}
