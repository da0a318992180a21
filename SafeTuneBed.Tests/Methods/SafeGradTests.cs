using SafeTuneBed.Methods.SafeGrad;
using SafeTuneBed.Tests.Core.Training;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Methods;

[Collection(TorchCollection.Name)]
public sealed class SafeGradTests : IDisposable
{
    private readonly LoopBed bed = new();

    public void Dispose() => bed.Dispose();

    // The twin: both gradients taken apart, and the formula in float64.
    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    [InlineData(0.3)]
    public void SafeGrad_EveryStep_IsTheProjectedGradientPlusRhoTimesTheAligning(double rho)
    {
        TrainingConfig config = LoopBed.Config(12) with { MaxGradientNorm = 0, LearningRate = 0 };
        var got = new List<float[]>();
        var seen = new LoopBed.Collector();
        bed.Watch(
            new WatchedHooks(new SafeGradAlgorithm { Options = { Rho = rho } }) { Started = MethodAssertions.Disturb, Ready = step => got.Add(MethodBed.Gradients(step.Parameters)) },
            bed.Context(config, dropout: 0.1, progress: seen));
        var twin = new List<(double[] User, double[] Align)>();
        bed.Train(
            new ScriptedMethod
            {
                Asked = new SafeGradAlgorithm().Needs,
                Started = MethodAssertions.Disturb,
                Compute = step =>
                {
                    using GradientSet user = step.Gradients(step.Batch), align = step.Gradients(step.Stream("align").Next(), step.KlToReference);
                    twin.Add((Doubles(step, user), Doubles(step, align)));
                },
            },
            bed.Context(config, dropout: 0.1));

        bool[] against = [.. twin.Select((t, i) =>
        {
            double dot = t.User.Zip(t.Align).Sum(p => p.First * p.Second), length = t.Align.Sum(a => a * a);
            double[] projected = [.. t.User.Zip(t.Align).Select(p => p.First - (Math.Min(0, dot) / length * p.Second))];
            Assert.True(projected.Zip(t.Align).Sum(p => p.First * p.Second) > -1e-9);
            double largest = t.User.Max(Math.Abs);
            Assert.Equal(0, got[i].Select((g, j) => Math.Abs(g - projected[j] - (rho * t.Align[j]))).Max(), 1e-5 * largest);
            Assert.Equal(dot / Math.Sqrt(length * t.User.Sum(u => u * u)), seen.Seen[i].Logged["cosine"], 1e-4);
            return dot < 0;
        })];
        Assert.Equal(12, against.Length);
        Assert.Contains(true, against);
        Assert.Contains(false, against);
    }

    [Fact]
    public void SafeGrad_AtTheStart_IsTheUsersGradientAlone()
    {
        float[] plain = [], got = [];
        bed.Watch(new WatchedHooks(new SafeTuneBed.Methods.Lora.LoraAlgorithm()) { Ready = step => plain = MethodBed.Gradients(step.Parameters) }, bed.Context(LoopBed.Config(1), dropout: 0.2));
        bed.Watch(new WatchedHooks(new SafeGradAlgorithm()) { Ready = step => got = MethodBed.Gradients(step.Parameters) }, bed.Context(LoopBed.Config(1), dropout: 0.2));
        Assert.Equal(plain, got);
    }

    [Theory]
    [InlineData(AccumulationWeighting.ByTokens)]
    [InlineData(AccumulationWeighting.Equal)]
    public void SafeGrad_TwoMicroBatches_GivesTheWeightedSumOfTheTwoAlone(AccumulationWeighting weighting) => bed.AssertWindowIsTheSumOfItsParts(() => new SafeGradAlgorithm(), weighting);

    [Fact]
    public void SafeGrad_StoppedAndGoneOn_EqualsTheUninterruptedRunToTheBit() =>
        Assert.Equal(bed.Train(new SafeGradAlgorithm(), bed.Context(LoopBed.Config(9))), bed.TrainInTwoParts(() => new SafeGradAlgorithm(), LoopBed.Config(9), 4));

    [Fact]
    public void SafeGrad_ComputedAgainOrPacked_IsTheSame() => bed.AssertSameComputedAgainAndPacked(() => new SafeGradAlgorithm());

    [Fact]
    public void SafeGrad_AnySteps_KeepsTheNumberOfLiveTensorsFlat() => bed.AssertLiveTensorsFlat(new SafeGradAlgorithm());

    private static double[] Doubles(TrainingStep step, GradientSet set) => [.. step.Parameters.Names.SelectMany(n => set[n].contiguous().data<float>().ToArray()).Select(v => (double)v)];
}
