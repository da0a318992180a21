using SafeTuneBed.Methods.ConstrainedSft;
using SafeTuneBed.Methods.Lora;
using SafeTuneBed.Tests.Core.Training;
using SafeTuneBed.Tests.TestDoubles;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Methods;

[Collection(TorchCollection.Name)]
public sealed class ConstrainedSftTests : IDisposable
{
    private readonly LoopBed bed = new();

    public void Dispose() => bed.Dispose();

    [Theory]
    [InlineData(0, 1, 0.828427)]
    [InlineData(0, -1, 1.171573)]
    [InlineData(1, 1, 0.4)]
    [InlineData(4, -1, 1.6)]
    [InlineData(5, 1, 0.965357)] // 2 / (1 + 2^0.1)
    [InlineData(3, 30, 0.001)]
    public void Weight_DefaultsAtMultiplesOfLn2_AreThePapers(int place, double multiple, double expected) =>
        Assert.Equal(expected, new ConstrainedSftOptions().WeightAt(place, multiple * Math.Log(2)), 1e-6);

    [Fact]
    public void ConstrainedSft_WithoutConstraint_IsPlainTrainingToTheBit()
    {
        TrainingConfig config = LoopBed.Config(6) with { AccumulationSteps = 2 };
        float[] plain = bed.Train(new LoraAlgorithm(), bed.Context(config));
        Assert.Equal(plain, bed.Train(new ConstrainedSftAlgorithm { Options = { Beta = 0 } }, bed.Context(config)));
        Assert.NotEqual(plain, bed.Train(new ConstrainedSftAlgorithm(), bed.Context(config)));
    }

    // The paper's loss is -(2 / beta_t) log sigmoid(beta_t d_t), of which torch forms the gradient.
    [Fact]
    public void ConstrainedSft_Gradient_IsThatOfThePapersLoss()
    {
        float[] got = [], expected = [];
        double spread = 0;
        bed.Watch(
            new WatchedHooks(new ConstrainedSftAlgorithm { Options = { EarlyTokens = 3 } }) { Started = MethodAssertions.Disturb, Ready = step => got = MethodBed.Gradients(step.Parameters) },
            bed.Context(LoopBed.Config(1), dropout: 0));
        bed.Train(
            new ScriptedMethod
            {
                Asked = MethodNeeds.Reference.And(MethodNeeds.LogitsAt(LogitPositions.Labels)),
                Started = MethodAssertions.Disturb,
                Compute = step =>
                {
                    using GradientSet g = step.Gradients(step.Batch, (batch, output) =>
                    {
                        Tensor index = batch.Targets.unsqueeze(1), before;
                        using (no_grad())
                        {
                            before = step.Reference(batch).Logits.log_softmax(-1).gather(1, index).squeeze(1);
                        }

                        int t = -1, row = -1;
                        float[] betas = [.. batch.TargetRows.Select(r =>
                        {
                            (t, row) = (r == row ? t + 1 : 1, r);
                            return t == 1 ? 0.5f : t <= 3 ? 2 : 0.1f;
                        })];
                        Tensor beta = tensor(betas), d = output.Logits.log_softmax(-1).gather(1, index).squeeze(1) - before;
                        spread = d.abs().max().item<float>();
                        return (-2 / beta * (beta * d).sigmoid().log()).mean();
                    });
                    expected = [.. step.Parameters.Names.SelectMany(n => g[n].contiguous().data<float>().ToArray())];
                },
            },
            bed.Context(LoopBed.Config(1), dropout: 0));
        Assert.True(spread is > 0.2 and < 3, $"{spread}"); // else all weights are 1, or one is the least
        double largest = expected.Max(Math.Abs);
        Assert.True(largest > 0.05);
        Assert.Equal(0, got.Zip(expected).Max(p => Math.Abs(p.First - p.Second)), 1e-5 * Math.Max(1, largest));
    }

    [Fact]
    public void ConstrainedSft_FirstStep_WeighsEveryTokenOnceAndLaterLikelyOnesLess()
    {
        var seen = new LoopBed.Collector();
        bed.Watch(new WatchedHooks(new ConstrainedSftAlgorithm()), bed.Context(LoopBed.Config(20) with { LearningRate = 2e-2 }, dropout: 0, progress: seen));
        Assert.Equal(1, seen.Seen[0].Logged["mean-weight"], 1e-5);
        Assert.InRange(seen.Seen[^1].Logged["mean-weight"], 0, 0.9);
    }

    [Fact]
    public void ConstrainedSft_FourMicroBatchesOfOneRow_EqualOneBatchOfFour() => bed.AssertFourTimesOneIsOnceFour(() => new ConstrainedSftAlgorithm());

    [Fact]
    public void ConstrainedSft_StoppedAndGoneOn_EqualsTheUninterruptedRunToTheBit() =>
        Assert.Equal(bed.Train(new ConstrainedSftAlgorithm(), bed.Context(LoopBed.Config(9))), bed.TrainInTwoParts(() => new ConstrainedSftAlgorithm(), LoopBed.Config(9), 4));

    [Fact]
    public void ConstrainedSft_ComputedAgainOrPacked_IsTheSame() => bed.AssertSameComputedAgainAndPacked(() => new ConstrainedSftAlgorithm());

    [Fact]
    public void ConstrainedSft_AnySteps_KeepsTheNumberOfLiveTensorsFlat() => bed.AssertLiveTensorsFlat(new ConstrainedSftAlgorithm());
}
