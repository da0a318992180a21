using SafeTuneBed.Tests.Core.Training;
using SafeTuneBed.Tests.TestDoubles;
using TorchSharp;

namespace SafeTuneBed.Tests.Methods;

/// <summary>What every gradient program must keep.</summary>
internal static class MethodAssertions
{
    /// <summary>A window of two micro-batches gives the weighted sum of what each gives alone, at the same parameters.</summary>
    public static void AssertWindowIsTheSumOfItsParts(this LoopBed bed, Func<MethodAlgorithm> create, AccumulationWeighting weighting)
    {
        TrainingConfig config = LoopBed.Config(1) with { Weighting = weighting, AccumulationSteps = 2, MaxGradientNorm = 0 };
        float[]? window = null;
        var weights = new List<double>();
        bed.Watch(
            new WatchedHooks(create()) { Started = Disturb, Computed = step => weights.Add(step.WindowWeight), Ready = step => window = MethodBed.Gradients(step.Parameters) },
            bed.Context(config, dropout: 0.2));
        var alone = new List<float[]>();
        bed.Watch(
            new WatchedHooks(create()) { Started = Disturb, Ready = step => alone.Add(MethodBed.Gradients(step.Parameters)) },
            bed.Context(config with { AccumulationSteps = 1, Steps = 2, LearningRate = 0 }, dropout: 0.2));

        Assert.Equal(2, alone.Count);
        double largest = window!.Max(Math.Abs);
        Assert.True(largest > 0.01);
        Assert.Equal(0, window!.Select((g, i) => Math.Abs(g - (weights[0] * alone[0][i]) - (weights[1] * alone[1][i]))).Max(), 1e-5 * largest);
    }

    /// <summary>Four micro-batches of one row train as one batch of four does; rows of equal length, so that only the order of sums differs.</summary>
    public static void AssertFourTimesOneIsOnceFour(this LoopBed bed, Func<MethodAlgorithm> create)
    {
        float[] Run(int batch, int accumulation) =>
            bed.Train(create(), bed.Context(LoopBed.Config(8) with { BatchSize = batch, AccumulationSteps = accumulation, AdamEpsilon = 1e-3 }, dropout: 0, rows: 16));
        Assert.Equal(0, Run(4, 1).Zip(Run(1, 4)).Max(p => Math.Abs(p.First - p.Second)), 2e-6);
    }

    /// <summary>Blocks that are computed again change no bit; rows in one line without padding only the order of sums.</summary>
    public static void AssertSameComputedAgainAndPacked(this LoopBed bed, Func<MethodAlgorithm> create)
    {
        float[] Gradient(TrainingConfig config)
        {
            float[] gradient = [];
            bed.Watch(
                new WatchedHooks(create()) { Started = Disturb, Ready = step => gradient = MethodBed.Gradients(step.Parameters) },
                bed.Context(config with { LearningRate = 0 }, dropout: config.Packing ? 0 : 0.2));
            return gradient;
        }

        TrainingConfig config = LoopBed.Config(2);
        Assert.Equal(Gradient(config), Gradient(config with { GradientCheckpointing = true }));
        float[] packed = Gradient(config with { Packing = true }), padded = [];
        bed.Watch(
            new WatchedHooks(create()) { Started = Disturb, Ready = step => padded = MethodBed.Gradients(step.Parameters) },
            bed.Context(config with { LearningRate = 0 }, dropout: 0));
        double largest = padded.Max(Math.Abs);
        Assert.True(largest > 0.01);
        Assert.Equal(0, packed.Zip(padded).Max(p => Math.Abs(p.First - p.Second)) / largest, 1e-4);
    }

    /// <summary>Steps leave no tensor behind.</summary>
    public static void AssertLiveTensorsFlat(this LoopBed bed, MethodAlgorithm method)
    {
        var counts = new List<long>();
        bed.Watch(new WatchedHooks(method) { Stepped = _ => counts.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount) }, bed.Context(LoopBed.Config(25)));
        Assert.Equal(counts[5], counts[^1]);
    }

    /// <summary>Moves the adapter away from where B is zero.</summary>
    public static void Disturb(TrainingContext context)
    {
        using var noGrad = torch.no_grad();
        using var generator = new torch.Generator(11);
        foreach (string name in context.Parameters.Names)
        {
            using torch.Tensor noise = torch.randn(context.Parameters[name].shape, generator: generator);
            context.Parameters[name].add_(noise, alpha: 0.05f);
        }
    }
}
