using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>What accumulation promises: for gradients that are linear in the rows, one large batch; for others the weighted sum of each micro-batch's own.</summary>
[Collection(TorchCollection.Name)]
public sealed class AccumulationTests : IDisposable
{
    private readonly LoopBed bed = new();

    public static TheoryData<int, int, int, int[]> Windows => new()
    {
        { 18, 4, 2, [2, 2, 1, 2, 2, 1] }, // five batches an epoch
        { 16, 4, 2, [2, 2, 2, 2] },
        { 3, 4, 3, [1, 1] },
    };

    public void Dispose() => bed.Dispose();

    [Theory]
    [MemberData(nameof(Windows))]
    public void Windows_AtTheEndOfAnEpoch_TakeWhatIsLeft(int rows, int batch, int accumulation, int[] expected)
    {
        var sizes = new List<int>();
        int micro = 0, total = 0;
        TrainingConfig config = LoopBed.Config(1) with { Steps = null, Epochs = 2, BatchSize = batch, AccumulationSteps = accumulation };
        var method = new ScriptedMethod
        {
            Ready = step =>
            {
                sizes.Add(step.WindowSize);
                (micro, total) = (step.MicroStep + 1, step.TotalMicroSteps);
            },
        };
        bed.Train(method, bed.Context(config, rows: rows));
        Assert.Equal(expected, sizes);
        Assert.Equal(expected.Length, config.TotalSteps(rows));
        Assert.Equal(expected.Sum(), micro);
        Assert.Equal(micro, total);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FourMicroBatchesOfOneRow_EqualOneBatchOfFour(bool alternating)
    {
        float[] Run(int batch, int accumulation) => bed.Train(
            alternating ? new AlternatingMethod() : new ScriptedMethod(),
            bed.Context(LoopBed.Config(8) with { BatchSize = batch, AccumulationSteps = accumulation, AdamEpsilon = 1e-3 }, dropout: 0, rows: 16));
        float[] one = Run(4, 1), four = Run(1, 4);

        // The aligning rows are eleven, so their short batch falls elsewhere; before that only the order of sums differs.
        if (!alternating)
        {
            Assert.Equal(0, one.Zip(four).Max(p => Math.Abs(p.First - p.Second)), 2e-6);
        }
        else
        {
            Assert.Equal(0, Gradient(4, 1, true).Zip(Gradient(1, 4, true)).Max(p => Math.Abs(p.First - p.Second)), 2e-6);
        }
    }

    [Theory]
    [InlineData(AccumulationWeighting.ByTokens)]
    [InlineData(AccumulationWeighting.Equal)]
    public void ThreePassMethod_TwoMicroBatches_GivesTheWeightedSumOfTheTwoAlone(AccumulationWeighting weighting)
    {
        TrainingConfig config = LoopBed.Config(1) with { Weighting = weighting, AccumulationSteps = 2 };
        float[]? window = null;
        var weights = new List<double>();
        bed.Train(new Watched(step => weights.Add(step.WindowWeight), step => window = Flat(step)), bed.Context(config, dropout: 0));

        var alone = new List<float[]>();
        bed.Train(new Watched(_ => { }, step => alone.Add(Flat(step))), bed.Context(LoopBed.Config(2) with { LearningRate = 0 }, dropout: 0));

        Assert.Equal(2, alone.Count);
        double largest = window!.Max(Math.Abs);
        Assert.True(largest > 0.01);
        Assert.Equal(0, window!.Select((g, i) => Math.Abs(g - (weights[0] * alone[0][i]) - (weights[1] * alone[1][i]))).Max(), 1e-5 * largest);
    }

    [Fact]
    public void ThreePassMethod_WithoutItsTerm_IsPlainTrainingToTheBit()
    {
        var method = new AttenuatingMethod { Options = new AttenuatingOptions { Lambda = 0 } };
        Assert.Equal(bed.Train(new ScriptedMethod(), bed.Context(LoopBed.Config(6), dropout: 0)), bed.Train(method, bed.Context(LoopBed.Config(6), dropout: 0)));
    }

    [Fact]
    public void Gradients_OfTheBatchTwice_LogTheLossOnce()
    {
        double[] Losses(Action<TrainingStep> compute)
        {
            var seen = new LoopBed.Collector();
            bed.Train(new ScriptedMethod { Compute = compute }, bed.Context(LoopBed.Config(3) with { AccumulationSteps = 2 }, dropout: 0, progress: seen));
            return [.. seen.Seen.Select(s => s.Loss)];
        }

        double[] once = Losses(step => step.AccumulateLoss(step.Batch));
        Assert.Equal(once, Losses(step =>
        {
            using GradientSet probe = step.Gradients(step.Batch);
            step.Gradients(step.Batch, (_, output) => output.CrossEntropy() * 3).Dispose();
            step.AccumulateLoss(step.Batch);
        }));
        Assert.All(Losses(_ => { }), loss => Assert.True(double.IsNaN(loss)));
    }

    private float[] Gradient(int batch, int accumulation, bool alternating)
    {
        float[]? gradient = null;
        var weights = new Watched(_ => { }, step => gradient ??= Flat(step), alternating ? "align" : null);
        bed.Train(weights, bed.Context(LoopBed.Config(1) with { BatchSize = batch, AccumulationSteps = accumulation }, dropout: 0, rows: 16));
        return gradient!;
    }

    private static float[] Flat(TrainingStep step) => [.. step.Parameters.Names.SelectMany(n => step.Parameters[n].grad!.data<float>())];

    // The three-pass program, or the plain one on a stream, watched from inside.
    private sealed class Watched(Action<TrainingStep> inside, Action<TrainingStep> ready, string? stream = null) : MethodAlgorithm
    {
        public override MethodNeeds Needs => MethodNeeds.Stream("harmful").And(MethodNeeds.Stream("align"));

        protected override BatchPlan PlanBatch(TrainingStep step) => stream is null ? BatchPlan.User : BatchPlan.Stream(stream);

        protected override void ComputeGradients(TrainingStep step)
        {
            inside(step);
            if (stream is not null)
            {
                step.AccumulateLoss(step.Batch);
                return;
            }

            TokenBatch harmful = step.Stream("harmful").Next();
            GradientSet before = step.Gradients(harmful), after;
            using (step.Shift(before, -0.1 / before.Norm()))
            {
                after = step.Gradients(harmful);
            }

            step.Accumulate(step.Gradients(step.Batch));
            step.Accumulate(before.Minus(after), 5);
        }

        protected override void OnGradientsReady(TrainingStep step) => ready(step);
    }
}
