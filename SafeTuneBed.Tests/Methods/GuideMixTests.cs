using SafeTuneBed.Methods.GuideMix;
using SafeTuneBed.Methods.Lisa;
using SafeTuneBed.Methods.Lora;
using SafeTuneBed.Tests.Core.Training;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Methods;

[Collection(TorchCollection.Name)]
public sealed class GuideMixTests : IDisposable
{
    private readonly LoopBed bed = new();

    public void Dispose() => bed.Dispose();

    [Theory]
    [InlineData(null, null, 12, 1)]
    [InlineData(2, 3, 12, 1)]
    [InlineData(2, 3, 9, 2)]
    [InlineData(4, 40, 11, 1)]
    [InlineData(3, 0, 5, 1)]
    [InlineData(0, 4, 5, 1)]
    public void GuideMix_Run_TakesAsManyStepsAndTheSameRowsOfTheDefenderAsLisa(int? k1, int? k2, int steps, int accumulation)
    {
        TrainingConfig config = LoopBed.Config(steps) with { AccumulationSteps = accumulation };
        List<(int Step, int[] Rows)> Guide(MethodAlgorithm method)
        {
            var seen = new List<(int, int[])>();
            bed.Watch(
                new WatchedHooks(method)
                {
                    Computed = step =>
                    {
                        if (step.Plan.StreamName == "align")
                        {
                            seen.Add((step.OptimizerStep, [.. step.Batch.RowIds]));
                        }
                    },
                },
                bed.Context(config));
            return seen;
        }

        List<(int Step, int[] Rows)> lisa = Guide(new LisaAlgorithm { Options = new LisaOptions { AlignmentSteps = k1, FineTuningSteps = k2 } });
        List<(int Step, int[] Rows)> mix = Guide(new GuideMixAlgorithm { Options = new GuideMixOptions { AlignmentSteps = k1, FineTuningSteps = k2 } });
        int[] at = [.. mix.Select(m => m.Step).Distinct()];
        Assert.Equal(lisa.Select(l => l.Step).Distinct().Count(), at.Length);
        if (accumulation == 1) // windows at an epoch's end are shorter, so that which steps are the defender's changes how many batches they are
        {
            Assert.Equal(lisa.Select(l => l.Rows), mix.Select(m => m.Rows));
        }

        // evenly: the gaps between two of them differ by one step at most
        int[] gaps = [.. at.Zip(at.Skip(1), (a, b) => b - a)];
        Assert.True(gaps.Length == 0 || gaps.Max() - gaps.Min() <= 1, string.Join(' ', at));
    }

    [Fact]
    public void GuideMix_WithoutGuideSteps_IsLoraToTheBit() => Assert.Equal(
        bed.Train(new LoraAlgorithm(), bed.Context(LoopBed.Config(6))),
        bed.Train(new GuideMixAlgorithm { Options = new GuideMixOptions { AlignmentSteps = 0 } }, bed.Context(LoopBed.Config(6))));

    [Fact]
    public void GuideMix_StoppedAndGoneOn_EqualsTheUninterruptedRunToTheBit()
    {
        GuideMixAlgorithm Create() => new() { Options = new GuideMixOptions { AlignmentSteps = 2, FineTuningSteps = 3 } };
        Assert.Equal(bed.Train(Create(), bed.Context(LoopBed.Config(12))), bed.TrainInTwoParts(Create, LoopBed.Config(12), 5));
    }
}
