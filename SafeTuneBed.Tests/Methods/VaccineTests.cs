using SafeTuneBed.Methods.Lora;
using SafeTuneBed.Methods.RandomVaccine;
using SafeTuneBed.Methods.Vaccine;
using SafeTuneBed.Tests.Core.Training;
using SafeTuneBed.Tests.TestDoubles;
using TorchSharp;

namespace SafeTuneBed.Tests.Methods;

[Collection(TorchCollection.Name)]
public sealed class VaccineTests : IDisposable
{
    private readonly LoopBed bed = new();

    public void Dispose() => bed.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Vaccine_WithoutPerturbation_IsPlainTrainingToTheBit(int accumulation)
    {
        TrainingConfig config = LoopBed.Config(7) with { AccumulationSteps = accumulation };
        float[] plain = bed.Train(new LoraAlgorithm(), bed.Context(config));
        Assert.Equal(plain, bed.Train(Vaccine(0), bed.Context(config)));
        Assert.Equal(plain, bed.Train(new RandomVaccineAlgorithm { Options = { Rho = 0 } }, bed.Context(config)));
        Assert.NotEqual(plain, bed.Train(Vaccine(1), bed.Context(config)));
    }

    // To first order the loss of the second pass is the first's plus rho times the norm; the rest is of second order.
    [Theory]
    [InlineData(0.01)]
    [InlineData(0.02)]
    public void Vaccine_SecondPass_RaisesTheLossByRhoTimesTheNorm(double rho)
    {
        var losses = new List<double>();
        var seen = new LoopBed.Collector();
        bed.Watch(
            new WatchedHooks(Vaccine(rho)) { Lost = (_, _, loss) => losses.Add(loss.item<float>()) },
            bed.Context(LoopBed.Config(4), dropout: 0.2, progress: seen));
        Assert.Equal(8, losses.Count);
        for (int step = 0; step < 4; step++)
        {
            double norm = seen.Seen[step].Logged["activation-gradient"];
            Assert.True(norm > 0.1);
            Assert.Equal(1, (losses[(2 * step) + 1] - losses[2 * step]) / (rho * norm), 0.05);
            Assert.Equal(losses[2 * step], seen.Seen[step].Loss, 1e-6); // what is logged is the loss unperturbed
        }
    }

    [Theory]
    [InlineData(AccumulationWeighting.ByTokens)]
    [InlineData(AccumulationWeighting.Equal)]
    public void Vaccine_TwoMicroBatches_GivesTheWeightedSumOfTheTwoAlone(AccumulationWeighting weighting) => bed.AssertWindowIsTheSumOfItsParts(() => Vaccine(1.5), weighting);

    [Fact]
    public void Vaccine_StoppedAndGoneOn_EqualsTheUninterruptedRunToTheBit()
    {
        Assert.Equal(bed.Train(Vaccine(2), bed.Context(LoopBed.Config(9))), bed.TrainInTwoParts(() => Vaccine(2), LoopBed.Config(9), 4));
        RandomVaccineAlgorithm Random() => new() { Options = { Rho = 0.1 } };
        float[] random = bed.Train(Random(), bed.Context(LoopBed.Config(9)));
        Assert.Equal(random, bed.TrainInTwoParts(Random, LoopBed.Config(9), 4));
        Assert.NotEqual(random, bed.Train(new LoraAlgorithm(), bed.Context(LoopBed.Config(9))));
    }

    [Fact]
    public void RandomVaccine_MatchingLength_MovesByRhoInAllAndNothingAtPadding()
    {
        var losses = new List<float>();
        int padded = 0;
        bed.Watch(
            new WatchedHooks(new RandomVaccineAlgorithm { Options = { Rho = 3, MatchesLength = true } })
            {
                Lost = (_, _, loss) => losses.Add(loss.item<float>()),
                Computed = step =>
                {
                    using ActivationSet noise = step.ActivationNoise([Site.AttentionOutput], step.Batch, 1);
                    torch.Tensor lengths = torch.tensor([.. step.Batch.Lengths.Select(l => (long)l)]).unsqueeze(1);
                    torch.Tensor real = torch.arange(step.Batch.InputIds.size(1)).unsqueeze(0).lt(lengths).to(torch.ScalarType.Float32).unsqueeze(-1);
                    padded += (int)(real.numel() - real.sum().item<float>());
                    double squares = noise.Places.Sum(p => (double)noise[p].mul(real).pow(2).sum().item<float>());
                    foreach (Site place in noise.Places)
                    {
                        noise[place].mul_(real);
                    }

                    noise.Scale(3 / Math.Sqrt(squares));
                    Assert.Equal(3, noise.Norm(), 1e-4);
                    Assert.Equal(losses[^1], step.Forward(step.Batch, noise).CrossEntropy().item<float>(), 1e-6f);
                },
            },
            bed.Context(LoopBed.Config(3)));
        Assert.Equal(3, losses.Count);
        Assert.True(padded > 0);
    }

    [Fact]
    public void Vaccine_ComputedAgainOrPacked_IsTheSame() => bed.AssertSameComputedAgainAndPacked(() => Vaccine(2));

    [Fact]
    public void Vaccine_AnySteps_KeepsTheNumberOfLiveTensorsFlat()
    {
        bed.AssertLiveTensorsFlat(Vaccine(2));
        bed.AssertLiveTensorsFlat(new RandomVaccineAlgorithm());
    }

    private static VaccineAlgorithm Vaccine(double rho) => new() { Options = { Rho = rho } };
}
