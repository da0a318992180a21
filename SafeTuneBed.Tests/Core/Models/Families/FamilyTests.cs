using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models.Families;

/// <summary>Every family against plain loops: forward passes, answers, scores, gradients.</summary>
[Collection(TorchCollection.Name)]
public sealed class FamilyTests
{
    [Theory]
    [MemberData(nameof(FamilySpecs.Names), MemberType = typeof(FamilySpecs))]
    public void Hidden_OfAnyFamily_EqualsPlainLoops(string name)
    {
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        var reference = new FamilyReference(model);
        foreach (int count in new[] { 1, 11, 23 })
        {
            int[] ids = model.RandomIds(count);
            double[] expected = [.. reference.Logits(ids).SelectMany(r => r)];

            Near(expected, decoder.Head(decoder.Hidden(DecoderTests.Row(ids)))[0]);

            // Padded on the left, the row's own part must be the same.
            Tensor padded = DecoderTests.Row([4, 4, 4, .. ids]), mask = DecoderTests.Row([0, 0, 0, .. Enumerable.Repeat(1, count)]);
            Near(expected, decoder.Head(decoder.Hidden(padded, mask))[0].narrow(0, 3, count));
        }
    }

    [Theory]
    [MemberData(nameof(FamilySpecs.Names), MemberType = typeof(FamilySpecs))]
    public void Generate_InABatchOfAnyFamily_EqualsEachRowRecomputedAlone(string name)
    {
        // Prompts shorter and longer than the windows and, with longrope, on both sides of the switch and across it.
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        var reference = new FamilyReference(model);
        int[][] prompts = [[3], model.RandomIds(14), model.RandomIds(8), model.RandomIds(12)];
        int[][] expected = [.. prompts.Select(p => reference.Greedy(p, 7))];
        foreach (int batch in new[] { 1, 3 })
        {
            IReadOnlyList<GeneratedIds> answers = new TokenGenerator(decoder).Generate(prompts, new GenerationOptions { MaxNewTokens = 7, BatchSize = batch }, []);

            Assert.Equal(expected, answers.Select(a => a.TokenIds));
        }
    }

    [Theory]
    [MemberData(nameof(FamilySpecs.Names), MemberType = typeof(FamilySpecs))]
    public void Score_OfAnyFamily_EqualsPlainLoops(string name)
    {
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        var reference = new FamilyReference(model);
        int[] ids = model.RandomIds(20);
        List<(int[] Context, int[] Continuation)> requests = [.. new[] { (1, 2), (9, 3), (10, 2), (11, 9), (11, 2), (6, 5), (3, 17) }.Select(r => (ids[..r.Item1], ids[r.Item1..(r.Item1 + r.Item2)]))];

        IReadOnlyList<ContinuationScore> scores = new ContinuationScorer(decoder).Score(requests);

        for (int i = 0; i < requests.Count; i++)
        {
            (int[] context, int[] continuation) = requests[i];
            double[][] logs = reference.LogProbabilities([.. context, .. continuation[..^1]]);
            Assert.Equal(continuation.Select((id, t) => logs[context.Length - 1 + t][id]).Sum(), scores[i].LogProbability, 1e-9);
        }
    }

    [Theory]
    [MemberData(nameof(FamilySpecs.Names), MemberType = typeof(FamilySpecs))]
    public void Gradients_OfEveryWeightOfAnyFamily_EqualFiniteDifferences(string name)
    {
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        Tensor ids_BT = DecoderTests.Row(model.RandomIds(16)).view(2, 8), targets = DecoderTests.Row([.. model.RandomIds(16).Reverse()]).view(-1);
        Tensor Loss() => nn.functional.cross_entropy(decoder.Head(decoder.Hidden(ids_BT)).reshape(16, -1), targets);
        foreach (Tensor weight in decoder.Weights.Values)
        {
            weight.requires_grad_(true);
        }

        Loss().backward();

        var random = new Random(7);
        foreach ((string path, Tensor weight) in decoder.Weights)
        {
            using var noGrad = no_grad();
            Tensor direction = tensor(Enumerable.Range(0, (int)weight.numel()).Select(_ => random.NextDouble() - 0.5).ToArray(), weight.shape);
            double difference = Difference(weight, direction, Loss);
            double slope = weight.grad!.mul(direction).sum().item<double>();
            Assert.True(Math.Abs(difference - slope) < 1e-6, $"{path}: slope {slope}, by differences {difference}");
        }
    }

    [Theory]
    [MemberData(nameof(FamilySpecs.Names), MemberType = typeof(FamilySpecs))]
    public void Gradients_ThroughFrozenBlocksOfAnyFamily_EqualFiniteDifferences(string name)
    {
        // Only the first block's output projection is trained: the fast forms of all that is above it pass gradients on.
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        Tensor ids_BT = DecoderTests.Row(model.RandomIds(14)), weight = decoder.Weights[model.Spec.Root + "layers.0.self_attn.o_proj.weight"].requires_grad_(true);
        Tensor Loss() => decoder.Head(decoder.Hidden(ids_BT)).logsumexp(-1).sum();

        Loss().backward();

        using var noGrad = no_grad();
        Tensor direction = weight.grad!.div(weight.grad.norm());
        Assert.Equal(weight.grad.norm().item<double>(), Difference(weight, direction, Loss), 1e-5);
    }

    [Theory]
    [InlineData("gemma2")]
    [InlineData("mistral")]
    public void CrossEntropy_AsTrainingComputesIt_EqualsPlainLoops(string name)
    {
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        int[] ids = model.RandomIds(15);
        double[][] logs = new FamilyReference(model).LogProbabilities(ids);
        Tensor hidden_ND = decoder.Hidden(DecoderTests.Row(ids))[0].narrow(0, 0, 14).detach().requires_grad_(true);
        Tensor targets = DecoderTests.Row(ids[1..]).view(-1);

        Tensor losses = ChunkedCrossEntropy.Losses(hidden_ND, decoder.HeadWeight, targets, decoder.Options.LogitCap);
        losses.sum().backward();
        Tensor plain = hidden_ND.detach().requires_grad_(true);
        nn.functional.cross_entropy(decoder.Head(plain), targets, reduction: nn.Reduction.Sum).backward();

        Assert.Equal(Enumerable.Range(0, 14).Select(t => -logs[t][ids[t + 1]]), losses.detach().to(ScalarType.Float64).data<double>().ToArray(), (a, b) => Math.Abs(a - b) < 2e-5);
        Assert.True(hidden_ND.grad!.sub(plain.grad!).abs().max().item<float>() < 1e-5f);
    }

    [Theory]
    [MemberData(nameof(FamilySpecs.Names), MemberType = typeof(FamilySpecs))]
    public void Load_StoredAndComputedInAnyPrecision_AgreesWithPlainLoops(string name)
    {
        foreach (ScalarType stored in new[] { ScalarType.BFloat16, ScalarType.Float16 })
        {
            using var model = new FamilyModel(FamilySpecs.Get(name), stored);
            using var scope = NewDisposeScope();
            foreach (string path in model.Weights.Keys)
            {
                (long[] shape, float[] values) = model.Weights[path];
                model.Weights[path] = (shape, tensor(values).to(stored).to(ScalarType.Float32).data<float>().ToArray());
            }

            int[] ids = model.RandomIds(14);
            double[] expected = [.. new FamilyReference(model).Logits(ids).SelectMany(r => r)];
            double size = Math.Sqrt(expected.Sum(v => v * v));
            foreach ((ScalarType type, double allowed) in new[] { (stored, stored == ScalarType.BFloat16 ? 0.05 : 0.01), (ScalarType.Float32, 1e-5) })
            {
                using Decoder decoder = Decoder.Load(model.Folder, type, CPU);
                double[] got = decoder.Head(decoder.Hidden(DecoderTests.Row(ids))).to(ScalarType.Float64).view(-1).data<double>().ToArray();
                double error = Math.Sqrt(got.Zip(expected, (a, b) => (a - b) * (a - b)).Sum()) / size;
                Assert.True(error < allowed, $"stored {stored}, computed {type}: {error}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(FamilySpecs.Names), MemberType = typeof(FamilySpecs))]
    public void Passes_OfAnyFamilyAgainAndAgain_LeaveNoTensorBehind(string name)
    {
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        Tensor weight = decoder.Weights[model.Spec.Root + "layers.0.self_attn.o_proj.weight"].requires_grad_(true);
        void Pass()
        {
            using var scope = NewDisposeScope();
            decoder.Head(decoder.Hidden(DecoderTests.Row(model.RandomIds(14)))).sum().backward();
            weight.grad!.zero_();
            new TokenGenerator(decoder).Generate([[1, 2, 3], model.RandomIds(10)], new GenerationOptions { MaxNewTokens = 5 }, []);
        }

        Pass();
        long before = LiveTensors.Count();
        for (int i = 0; i < 3; i++)
        {
            Pass();
        }

        Assert.Equal(before, LiveTensors.CountDropped());
    }

    internal static double Difference(Tensor weight, Tensor direction, Func<Tensor> loss)
    {
        const double step = 1e-5;
        weight.add_(direction, alpha: step);
        double above = loss().item<double>();
        weight.add_(direction, alpha: -2 * step);
        double below = loss().item<double>();
        weight.add_(direction, alpha: step);
        return (above - below) / (2 * step);
    }

    private static void Near(double[] expected, Tensor logits_TV)
        => Assert.Equal(expected, logits_TV.contiguous().data<double>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-9);
}
