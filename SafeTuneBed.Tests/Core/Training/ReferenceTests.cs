using SafeTuneBed.Tests.Methods;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>The model before training, beside the one in training.</summary>
[Collection(TorchCollection.Name)]
public sealed class ReferenceTests : IDisposable
{
    private static readonly MethodNeeds Needs = MethodNeeds.Reference.And(MethodNeeds.LogitsAt(LogitPositions.Labels)).And(MethodNeeds.Stream("align"));

    private readonly LoopBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public void Reference_InMidRun_IsTheModelWithoutAnythingTrained() => InStep(0.3, [], step =>
    {
        Tensor expected;
        using (no_grad())
        {
            Tensor hidden = Plain(step.Batch);
            expected = hidden.view(-1, hidden.shape[^1]).index_select(0, step.Batch.LossPositions).matmul(bed.Decoder.Weights["lm_head.weight"].t());
        }

        Tensor now = step.Forward(step.Batch).Logits.detach();
        Assert.True(now.sub(expected).abs().max().item<float>() > 0.05);
        Tensor got = step.Reference(step.Batch).Logits;
        Assert.False(got.requires_grad);
        Assert.Equal(0, got.sub(expected).abs().max().item<float>(), 1e-5f);
        using GradientSet g = step.Gradients(step.Batch);
        using (step.Shift(g, 10))
        {
            Assert.Equal(0, step.Reference(step.Batch).Logits.sub(got).abs().max().item<float>());
        }

        Assert.Equal(now.data<float>().ToArray(), step.Forward(step.Batch).Logits.detach().data<float>().ToArray()); // the adapter is on again, with its masks
    });

    [Theory]
    [InlineData]
    [InlineData("lm_head", "embed_tokens")]
    public void KlToReference_InMidRun_IsTheMeanDivergenceAndHasItsGradient(params string[] saved) => InStep(0, saved, step =>
    {
        using (no_grad())
        {
            Tensor p = step.Reference(step.Batch).Logits.to(ScalarType.Float64).log_softmax(-1), q = step.Forward(step.Batch).Logits.to(ScalarType.Float64).log_softmax(-1);
            double expected = (p.exp() * (p - q)).sum(-1).mean().item<double>();
            Assert.True(expected > 1e-3, $"{expected}");
            Assert.Equal(expected, Kl(step), 1e-4 * expected);
        }

        using GradientSet gradient = step.Gradients(step.Batch, step.KlToReference);
        double norm = gradient.Norm(), h = 1e-3 / norm;
        double Shifted(double scale)
        {
            using var noGrad = no_grad();
            using (step.Shift(gradient, scale))
            {
                return Kl(step);
            }
        }

        Assert.Equal(1, (Shifted(h) - Shifted(-h)) / (2 * h * norm * norm), 0.02);
        using GradientSet own = step.Gradients(step.Batch);
        Assert.True(own.Minus(gradient).Norm() > 0.1 * norm);
    });

    [Fact]
    public void KlToReference_AtTheStart_IsZeroAndHasNoGradient()
    {
        int checks = 0;
        var method = new ScriptedMethod
        {
            Asked = Needs,
            Compute = step =>
            {
                if (checks++ == 0)
                {
                    Assert.Equal(0, Kl(step));
                    using GradientSet gradient = step.Gradients(step.Batch, step.KlToReference);
                    Assert.Equal(0, gradient.Norm());
                }

                step.AccumulateLoss(step.Batch);
            },
        };
        bed.Train(method, bed.Context(LoopBed.Config(1), dropout: 0.4));
        Assert.Equal(1, checks);
    }

    [Fact]
    public void ReferenceLogProbabilities_OfTheRunsRows_AreThoseOfEachRowAloneAndComputedOnce()
    {
        int checks = 0;
        Tensor weight = bed.Decoder.Weights["model.norm.weight"], kept = weight.clone();
        var method = new ScriptedMethod
        {
            Asked = Needs,
            Compute = step =>
            {
                step.AccumulateLoss(step.Batch);
                foreach (TokenBatch batch in new[] { step.Batch, step.Stream("align").Next() })
                {
                    float[] got = step.ReferenceLogProbabilities(batch).data<float>().ToArray();
                    if (step.OptimizerStep == 0)
                    {
                        using var noGrad = no_grad();
                        float[] expected = [.. batch.Rows.SelectMany(row => Alone(step, row))];
                        Assert.Equal(0, got.Zip(expected).Max(p => Math.Abs(p.First - p.Second)), 1e-5);
                        Assert.True(got.Max() < 0 && got.Length == batch.SupervisedTokenCount);
                    }
                    else
                    {
                        Assert.True(got.Max() < 0); // from memory: the weights are of no use any more
                    }

                    checks++;
                }

                if (step.OptimizerStep == 0)
                {
                    using var noGrad = no_grad();
                    weight.fill_(double.NaN);
                }
            },
        };
        try
        {
            bed.Train(method, bed.Context(LoopBed.Config(8) with { LearningRate = 0 }));
        }
        catch (TrainingDivergedException)
        {
            // every loss after the first step is not a number
        }
        finally
        {
            using var noGrad = no_grad();
            weight.copy_(kept);
        }

        Assert.True(checks >= 6, $"{checks}");
    }

    [Fact]
    public void Reference_NotAskedFor_NamesTheNeed()
    {
        var method = new ScriptedMethod { Compute = step => step.Reference(step.Batch) };
        Assert.Contains("MethodNeeds.Reference", Assert.Throws<InvalidOperationException>(() => bed.Train(method, bed.Context(LoopBed.Config(1)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CrossEntropy_Weighted_IsTheWeightedSumOfTokenLossesOverTheirNumber() => InStep(0, [], step =>
    {
        TokenBatch batch = step.Batch;
        Tensor losses = nn.functional.cross_entropy(step.Forward(batch).Logits, batch.Targets, reduction: nn.Reduction.None);
        Tensor weights = arange(batch.SupervisedTokenCount, ScalarType.Float32) * 0.3 - 1;
        ModelOutput output = step.Forward(batch);
        Assert.Equal(0, output.TokenLogProbabilities().add(losses).abs().max().item<float>(), 2e-6f);
        Assert.Equal((losses * weights).mean().item<float>(), output.CrossEntropy(weights).item<float>(), 1e-4f);
        Assert.Equal(losses.mean().item<float>(), output.CrossEntropy().item<float>(), 2e-6f);
        Assert.Equal([.. Enumerable.Range(0, 4).SelectMany(row => Enumerable.Range(0, batch.TargetRows.Count(r => r == row)))], batch.TargetPlaces);

        using GradientSet weighted = step.Gradients(batch, (_, o) => o.CrossEntropy(weights));
        using GradientSet expected = step.Gradients(batch, (_, o) => (nn.functional.cross_entropy(o.Logits, batch.Targets, reduction: nn.Reduction.None) * weights).mean());
        Assert.True(expected.Norm() > 0.1);
        Assert.Equal(0, weighted.Minus(expected).Norm() / expected.Norm(), 1e-5);
        Assert.Contains("supervised tokens", Assert.Throws<ArgumentException>(() => output.CrossEntropy(ones(3))).Message, StringComparison.Ordinal);
    });

    private static double Kl(TrainingStep step) => step.KlToReference(step.Batch, step.Forward(step.Batch)).item<float>();

    private static float[] Alone(TrainingStep step, TokenizedExample row)
    {
        using TokenBatch batch = BatchCollator.Collate([row], CPU);
        return step.Reference(batch).TokenLogProbabilities().data<float>().ToArray();
    }

    private Tensor Plain(TokenBatch batch)
    {
        var adapters = bed.Decoder.Linears.Select(l => (Layer: l, l.Adapter)).ToList();
        adapters.ForEach(a => a.Layer.Adapter = null);
        try
        {
            return bed.Decoder.Hidden(batch.InputIds);
        }
        finally
        {
            adapters.ForEach(a => a.Layer.Adapter = a.Adapter);
        }
    }

    private void InStep(double dropout, string[] saved, Action<TrainingStep> check)
    {
        int checks = 0;
        var method = new ScriptedMethod
        {
            Asked = Needs,
            Started = MethodAssertions.Disturb,
            Compute = step =>
            {
                check(step);
                checks++;
            },
        };
        using TrainingContext context = bed.Context(LoopBed.Config(1) with { LearningRate = 0 }, dropout);
        bed.Train(method, new TrainingContext
        {
            Model = context.Model,
            Training = context.Training,
            Lora = context.Lora with { ModulesToSave = saved.Length > 0 ? saved : null },
            Seed = context.Seed,
            Examples = context.Examples,
            StreamRows = context.StreamRows,
        });
        Assert.Equal(1, checks);
    }
}
