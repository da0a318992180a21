using SafeTuneBed.Models;
using SafeTuneBed.Tests.Core.Models.Families;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>Gradients at places of the network, in every family, against finite differences.</summary>
[Collection(TorchCollection.Name)]
public sealed class SiteTests
{
    private static readonly Func<Site[]>[] Kinds =
    [
        () => [Site.Embeddings],
        () => [Site.AttentionOutput],
        () => [Site.AttentionOutput.At(1)],
        () => [Site.MlpOutput],
        () => [Site.BlockOutput],
        () => [Site.FinalNorm],
        () => [Site.LinearInput("o_proj")],
        () => [Site.LinearInput("down_proj").At(2), Site.LinearInput("layers.0.mlp.down_proj")],
        () => [Site.Logits],
        () => [Site.MlpOutput, Site.Embeddings, Site.AttentionOutput],
    ];

    public static TheoryData<string, string[]> Families => new(FamilySpecs.All.Select(s => (s.Name, s.Fused ? new[] { "qkv_proj", "gate_up_proj" } : ["q_proj", "k_proj", "v_proj", "gate_proj", "up_proj"])));

    [Theory]
    [MemberData(nameof(Families))]
    public void ActivationGradients_EveryPlaceOfEveryFamily_EqualFiniteDifferences(string family, string[] inputs)
    {
        foreach (LogitPositions positions in new[] { LogitPositions.Labels, LogitPositions.All })
        {
            Run(family, positions, step =>
            {
                Assert.All([.. Kinds.Select(k => k()), .. inputs.Select(i => new[] { Site.LinearInput(i) })], sites =>
                {
                    using ActivationSet gradient = step.ActivationGradients(sites, step.Batch);
                    using ActivationSet way = step.ActivationNoise(sites, step.Batch, 1);
                    double norm = gradient.Norm();
                    Assert.True(norm > 1e-3, $"{norm}");
                    way.Scale(1 / way.Norm());
                    way.AddScaled(gradient, 1 / norm);
                    const double H = 0.01;
                    way.Scale(H);
                    double up = Loss(step, way);
                    way.Scale(-1);
                    double down = Loss(step, way);
                    Assert.Equal(-gradient.Dot(way) / H, (up - down) / (2 * H), 0.01 * norm);
                });
            });
        }
    }

    [Fact]
    public void ActivationGradients_LayerByLayer_AreThePartsOfAllTogether() => Run("gemma2", LogitPositions.None, step =>
    {
        using ActivationSet all = step.ActivationGradients([Site.AttentionOutput], step.Batch);
        Assert.Equal([0, 1, 2], all.Places.Select(p => p.Layer!.Value));
        Assert.Equal(all.SquaredNorm(), all.Places.Sum(p => Math.Pow(all[p].norm().item<float>(), 2)), 1e-6);
        foreach (Site place in all.Places)
        {
            using ActivationSet one = step.ActivationGradients([place], step.Batch);
            Assert.Equal(all[place].data<float>().ToArray(), one[place].data<float>().ToArray());
        }

        Assert.Throws<KeyNotFoundException>(() => all[Site.AttentionOutput]);
    });

    [Fact]
    public void ActivationGradients_Padding_HasNone() => Run("olmo2", LogitPositions.None, step =>
    {
        using ActivationSet gradient = step.ActivationGradients([Site.AttentionOutput, Site.BlockOutput], step.Batch);
        int padded = 0;
        foreach (Site place in gradient.Places)
        {
            for (int row = 0; row < step.Batch.Lengths.Count; row++)
            {
                int length = step.Batch.Lengths[row], rest = (int)step.Batch.InputIds.shape[1] - length;
                Assert.True(gradient[place][row].narrow(0, 0, length).abs().sum().item<float>() > 0);
                Assert.Equal(0, gradient[place][row].narrow(0, length, rest).abs().sum().item<float>());
                padded += rest;
            }
        }

        Assert.True(padded > 0);
    });

    [Fact]
    public void ActivationGradients_Parameters_FormNoneAndTrainAfterwards() => Run("mistral", LogitPositions.None, step =>
    {
        step.ActivationGradients([Site.AttentionOutput], step.Batch).Dispose();
        Assert.Throws<DivideByZeroException>(() => step.ActivationGradients([Site.MlpOutput], step.Batch, (_, _) => throw new DivideByZeroException()));
        Assert.All(step.Parameters.Names, name =>
        {
            Assert.True(step.Parameters[name].requires_grad);
            Assert.Equal(0, step.Parameters[name].grad!.abs().sum().item<float>());
        });
        step.AccumulateLoss(step.Batch);
        Assert.All(step.Parameters.Names, name => Assert.True(step.Parameters[name].grad!.abs().sum().item<float>() > 0));
    });

    [Fact]
    public void Gradients_WithTapsOfZero_AreThoseWithoutToTheBit() => Run("phi3 with a partial turn", LogitPositions.None, step =>
    {
        using ActivationSet taps = step.ActivationNoise([Site.AttentionOutput, Site.MlpOutput, Site.Embeddings], step.Batch, 0);
        using GradientSet plain = step.Gradients(step.Batch), tapped = step.Gradients(step.Batch, taps: taps);
        Assert.True(plain.Norm() > 0);
        Assert.Equal(0, plain.Minus(tapped).Norm());
    });

    [Fact]
    public void Gradients_WithTaps_AreThoseOfTheTappedLoss() => Run("gemma3 text", LogitPositions.None, step =>
    {
        using ActivationSet taps = step.ActivationNoise([Site.AttentionOutput], step.Batch, 0.5);
        using GradientSet gradient = step.Gradients(step.Batch, taps: taps), plain = step.Gradients(step.Batch);
        double norm = gradient.Norm();
        Assert.True(gradient.Minus(plain).Norm() > 0.05 * norm);
        double Shifted(double scale)
        {
            using (step.Shift(gradient, scale))
            {
                return Loss(step, taps);
            }
        }

        const double H = 2e-3;
        Assert.Equal(norm, (Shifted(H / norm) - Shifted(-H / norm)) / (2 * H), 0.02 * norm);
    });

    [Fact]
    public void Sites_ThatTheModelLacks_AreRefusedWithWhatItHas() => Run("phi3 with longrope", LogitPositions.None, step =>
    {
        string Refused(params Site[] sites) => Assert.Throws<ConfigurationException>(() => step.ActivationGradients(sites, step.Batch)).Message;
        Assert.Contains("qkv_proj, o_proj, gate_up_proj, down_proj", Refused(Site.AttentionOutput, Site.LinearInput("q_proj")), StringComparison.Ordinal);
        Assert.Contains("AttentionOutput of layer 3. A model of the family phi3 has", Refused(Site.AttentionOutput.At(3)), StringComparison.Ordinal);
        Assert.Contains("layers 0 to 2", Refused(), StringComparison.Ordinal);
        Assert.Contains("MethodNeeds.LogitsAt", Assert.Throws<InvalidOperationException>(() => step.ActivationGradients([Site.Logits], step.Batch, (_, output) => output.Logits.sum())).Message, StringComparison.Ordinal);
        Assert.Contains("did not form Logits", Assert.Throws<InvalidOperationException>(() => step.ActivationGradients([Site.Logits, Site.FinalNorm], step.Batch, (_, output) => output.Hidden.sum())).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => Site.FinalNorm.At(0));
        using ActivationSet set = step.ActivationNoise([Site.MlpOutput], step.Batch, 1);
        using TokenBatch other = BatchCollator.Collate(Rows()[..1], torch.CPU);
        Assert.Contains("MlpOutput of layer 0 has the shape", Assert.Throws<InvalidOperationException>(() => step.Forward(other, set)).Message, StringComparison.Ordinal);
    });

    [Fact]
    public void ActivationNoise_SameName_RepeatsAndHasItsDeviation() => Run("mistral", LogitPositions.None, step =>
    {
        float[] Draw(double deviation, string name) => [.. step.ActivationNoise([Site.MlpOutput, Site.FinalNorm], step.Batch, deviation, name) is var set
            ? set.Places.SelectMany(p => set[p].data<float>().ToArray()) : []];
        float[] noise = Draw(3, "a");
        Assert.Equal(noise, Draw(3, "a"));
        Assert.NotEqual(noise, Draw(3, "b"));
        Assert.Equal(noise.Length, noise.Distinct().Count()); // each layer its own
        Assert.InRange(Math.Sqrt(noise.Average(n => n * n)), 2.7, 3.3);
    });

    [Fact]
    public void Forward_OneBatchTwice_HasTheSameMasksAndAnotherBatchOthers()
    {
        using var bed = new LoopBed();
        var losses = new List<double>();
        double Loss(TrainingStep step, TokenBatch batch) => step.Forward(batch).CrossEntropy().item<float>();
        float[] looked = bed.Train(
            new ScriptedMethod
            {
                Started = context =>
                {
                    foreach (string name in context.Parameters.Names)
                    {
                        using var noGrad = torch.no_grad();
                        context.Parameters[name].add_(0.05f);
                    }
                },
                Compute = step =>
                {
                    losses.Add(Loss(step, step.Batch));
                    step.AccumulateLoss(step.Batch);
                    Assert.Equal(losses[^1], Loss(step, step.Batch));
                    step.ActivationGradients([Site.AttentionOutput], step.Batch).Dispose();
                },
            },
            bed.Context(LoopBed.Config(3) with { LearningRate = 0 }, dropout: 0.5, rows: 4));
        Assert.Equal(3, losses.Distinct().Count()); // always the same four rows
        Assert.Equal(
            bed.Train(new ScriptedMethod(), bed.Context(LoopBed.Config(6), dropout: 0.5)),
            bed.Train(
                new ScriptedMethod
                {
                    Compute = step =>
                    {
                        step.Gradients(step.Batch).Dispose();
                        step.AccumulateLoss(step.Batch);
                    },
                },
                bed.Context(LoopBed.Config(6), dropout: 0.5)));
        Assert.NotEmpty(looked);
    }

    private static double Loss(TrainingStep step, ActivationSet taps)
    {
        using var scope = torch.NewDisposeScope(); // with a graph: without one there is no dropout
        return step.Forward(step.Batch, taps).CrossEntropy().item<float>();
    }

    private static TokenizedExample[] Rows() => [.. Enumerable.Range(0, 3).Select(i => new TokenizedExample
    {
        RowId = i,
        InputIds = [.. Enumerable.Range(0, 5 + (2 * i)).Select(t => 3 + (((7 * i) + (5 * t)) % 27))],
        PromptTokenCount = 2,
    })];

    // One micro-step on a tiny model of the family, with an adapter that changes it.
    private static void Run(string family, LogitPositions positions, Action<TrainingStep> check)
    {
        FamilySpec spec = FamilySpecs.Get(family);
        using var model = new FamilyModel(spec);
        using Decoder decoder = Decoder.Load(model.Folder, torch.ScalarType.Float32, torch.CPU);
        int checks = 0;
        var method = new ScriptedMethod
        {
            Asked = MethodNeeds.LogitsAt(positions),
            Started = context =>
            {
                using var noGrad = torch.no_grad();
                using var generator = new torch.Generator(7);
                foreach (string name in context.Parameters.Names)
                {
                    context.Parameters[name].normal_(0, 0.1, generator);
                }
            },
            Compute = step =>
            {
                check(step);
                checks++;
            },
        };
        using var context = new TrainingContext
        {
            Model = ModelReference.Folder("fixture"),
            Training = new TrainingConfig { Steps = 1, BatchSize = 3, LearningRate = 0 },
            Lora = new LoraConfig { Rank = 2, Alpha = 4, Dropout = 0.1, TargetModules = spec.Fused ? ["qkv_proj", "down_proj"] : ["q_proj", "v_proj", "down_proj"] },
            Seed = 3,
            Examples = Rows(),
        };
        using var loop = new TrainingLoop(context, method.CreateHooks(), decoder);
        loop.Run(CancellationToken.None).Dispose();
        Assert.Equal(1, checks);
    }
}
