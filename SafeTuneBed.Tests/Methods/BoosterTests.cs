using SafeTuneBed.Methods.Booster;
using SafeTuneBed.Methods.Lora;
using SafeTuneBed.Tests.Core.Training;
using SafeTuneBed.Tests.TestDoubles;
using TorchSharp;

namespace SafeTuneBed.Tests.Methods;

[Collection(TorchCollection.Name)]
public sealed class BoosterTests : IDisposable
{
    private readonly LoopBed bed = new();

    public void Dispose() => bed.Dispose();

    // h = (w1^2 + 2 w2^2 + ...) / 2 has a gradient of its own in closed form; the numbers of w = (1, 1), alpha .1, lambda 5 are .223607 and .894427.
    [Fact]
    public void Booster_QuadraticHarmfulLoss_AddsTheClosedForm()
    {
        const double Alpha = 0.1, Lambda = 5;
        float[] gradient = [];
        bed.Watch(
            new WatchedHooks(new Quadratic { Options = { Alpha = Alpha, Lambda = Lambda } })
            {
                Started = context =>
                {
                    using var noGrad = torch.no_grad();
                    foreach (string name in context.Parameters.Names)
                    {
                        context.Parameters[name].zero_();
                    }

                    context.Parameters[context.Parameters.Names[0]].flatten().narrow(0, 0, 2).fill_(1);
                },
                Ready = step => gradient = MethodBed.Gradients(step.Parameters),
            },
            bed.Context(LoopBed.Config(1)));
        Assert.Equal(0.223607, gradient[0], 2e-5);
        Assert.Equal(0.894427, gradient[1], 2e-5);
        Assert.All(gradient[2..], g => Assert.Equal(0, g));
    }

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(5, 0)]
    public void Booster_WithoutRegularizer_IsPlainTraining(double lambda, double alpha)
    {
        // With alpha 0 the two gradients are of one point and one set of masks, and cancel to the bit.
        float[] boosted = bed.Train(new BoosterAlgorithm { Options = { Lambda = lambda, Alpha = alpha } }, bed.Context(LoopBed.Config(6), dropout: lambda == 0 ? 0.1 : 0));
        Assert.Equal(bed.Train(new LoraAlgorithm(), bed.Context(LoopBed.Config(6), dropout: lambda == 0 ? 0.1 : 0)), boosted);
    }

    [Fact]
    public void Booster_Step_LeavesTheParametersToTheOptimizer()
    {
        float[] before = [];
        int checks = 0;
        bed.Watch(
            new WatchedHooks(new BoosterAlgorithm())
            {
                Starting = MethodAssertions.Disturb,
                Started = context => before = MethodBed.Numbers(context.Parameters),
                Computed = step =>
                {
                    Assert.Equal(before, MethodBed.Numbers(step.Parameters));
                    checks++;
                },
                Stepped = step => before = MethodBed.Numbers(step.Parameters),
            },
            bed.Context(LoopBed.Config(4) with { AccumulationSteps = 2 }));
        Assert.Equal(7, checks); // five batches an epoch
    }

    // The regularizer's gradient is, to first order in alpha, lambda alpha H g / |g|: twice alpha, twice the gradient.
    [Fact]
    public void Booster_Regularizer_GrowsWithAlphaAndLambda()
    {
        double Size(double lambda, double alpha)
        {
            var seen = new LoopBed.Collector();
            bed.Watch(
                new WatchedHooks(new BoosterAlgorithm { Options = { Lambda = lambda, Alpha = alpha } }) { Started = MethodAssertions.Disturb },
                bed.Context(LoopBed.Config(1), dropout: 0.3, progress: seen));
            return seen.Seen[0].Logged["regularizer-gradient"];
        }

        double size = Size(5, 0.02);
        Assert.True(size > 0.01);
        Assert.Equal(2, Size(10, 0.02) / size, 1e-4);
        Assert.Equal(2, Size(5, 0.04) / size, 0.2);
    }

    [Theory]
    [InlineData(AccumulationWeighting.ByTokens)]
    [InlineData(AccumulationWeighting.Equal)]
    public void Booster_TwoMicroBatches_GivesTheWeightedSumOfTheTwoAlone(AccumulationWeighting weighting) => bed.AssertWindowIsTheSumOfItsParts(() => new BoosterAlgorithm(), weighting);

    [Fact]
    public void Booster_StoppedAndGoneOn_EqualsTheUninterruptedRunToTheBit() =>
        Assert.Equal(bed.Train(new BoosterAlgorithm(), bed.Context(LoopBed.Config(9))), bed.TrainInTwoParts(() => new BoosterAlgorithm(), LoopBed.Config(9), 4));

    [Fact]
    public void Booster_ComputedAgainOrPacked_IsTheSame() => bed.AssertSameComputedAgainAndPacked(() => new BoosterAlgorithm());

    [Fact]
    public void Booster_AnySteps_KeepsTheNumberOfLiveTensorsFlat() => bed.AssertLiveTensorsFlat(new BoosterAlgorithm());

    // Booster with losses in closed form: f = 0, and h of the first two numbers.
    private sealed class Quadratic : MethodAlgorithm<BoosterOptions>
    {
        private readonly BoosterAlgorithm inner = new();

        public override MethodNeeds Needs => inner.Needs;

        protected override torch.Tensor ComputeLoss(TrainingStep step, TokenBatch batch, ModelOutput output)
        {
            torch.Tensor w = step.Parameters[step.Parameters.Names[0]].flatten();
            return batch.Roles[0] == ExampleRole.Harmful ? ((w[0] * w[0]) + (2 * w[1] * w[1])) / 2 : 0 * w.sum();
        }

        // The algorithm's own program, which asks this class for its losses.
        protected override void ComputeGradients(TrainingStep step)
        {
            inner.Options = Options;
            inner.CreateHooks().ComputeGradients(step);
        }
    }
}
