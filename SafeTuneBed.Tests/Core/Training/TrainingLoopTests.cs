using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>Properties of the loop on the small fixture model; exact numbers are the parity tests' matter.</summary>
[Collection(TorchCollection.Name)]
public sealed class TrainingLoopTests : IDisposable
{
    private readonly Decoder decoder = Decoder.Load(Path.Combine(SharedFolder.Root, "SafeTuneBed.Tests", "Parity", "golden", "llama"), ScalarType.Float32, CPU);

    public void Dispose() => decoder.Dispose();

    [Fact]
    public void Run_LearnableRows_LowersTheLoss()
    {
        var seen = new List<TrainingProgress>();
        Train(Config(60) with { LearningRate = 2e-2 }, new Hooks(), seen).Dispose();
        Assert.True(seen[^1].Loss < 0.5 * seen[0].Loss, $"{seen[0].Loss} -> {seen[^1].Loss}");
    }

    [Fact]
    public void Run_SameSeed_RepeatsToTheBitAndAnotherSeedDiffers()
    {
        double[] Losses(ulong seed)
        {
            var seen = new List<TrainingProgress>();
            Train(Config(12), new Hooks(), seen, seed, dropout: 0.2).Dispose();
            return [.. seen.Select(s => s.Loss)];
        }

        Assert.Equal(Losses(5), Losses(5));
        Assert.NotEqual(Losses(5), Losses(6));
    }

    [Fact]
    public void Run_LearningRateZero_LeavesTheModelAsItIs()
    {
        using ModelArtifact artifact = Train(Config(5) with { LearningRate = 0, WeightDecay = 0.5 }, new Hooks(), []);
        Assert.All(artifact.Adapter!.Factors.Values, f => Assert.Equal(0, f.B.abs().sum().item<float>()));
    }

    [Fact]
    public void Run_AnySteps_KeepsTheNumberOfLiveTensorsFlat()
    {
        var counts = new List<long>();
        Train(Config(40), new Hooks { Stepped = _ => counts.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount) }, [], dropout: 0.1).Dispose();
        Assert.Equal(counts[5], counts[^1]);
    }

    [Fact]
    public void Run_WhenDone_TakesTheAdapterOff()
    {
        Train(Config(2), new Hooks(), []).Dispose();
        Assert.All(decoder.Linears, l => Assert.Null(l.Adapter));
    }

    [Fact]
    public void Run_Cancelled_StopsAndTakesTheAdapterOff()
    {
        using var stop = new CancellationTokenSource();
        int steps = 0;
        Assert.Throws<OperationCanceledException>(() => Train(
            Config(50), new Hooks { Stepped = _ => { steps++; if (steps == 3) { stop.Cancel(); } } }, [], cancellationToken: stop.Token));
        Assert.Equal(3, steps);
        Assert.All(decoder.Linears, l => Assert.Null(l.Adapter));
    }

    [Fact]
    public void Run_AccumulatedByTokens_EqualsOneLargeBatch()
    {
        // The first step's gradient of four rows at once, and of the same four rows in two micro-batches of unequal token counts.
        double Norm(int accumulation)
        {
            var seen = new List<TrainingProgress>();
            var stream = new FixedStream(accumulation == 1 ? [[.. Rows(4)]] : [[.. Rows(4).Take(1)], [.. Rows(4).Skip(1)]]);
            Train(Config(1) with { AccumulationSteps = accumulation }, new Hooks(), seen, stream: stream).Dispose();
            return seen[0].GradientNorm;
        }

        Assert.Equal(Norm(1), Norm(2), 1e-5);
    }

    [Fact]
    public void Gradients_OfTheBatch_EqualAccumulateLossAndLeaveTheOptimizersAlone()
    {
        var hooks = new Hooks
        {
            Compute = step =>
            {
                step.AccumulateLoss(step.Batch);
                using GradientSet own = step.Gradients(step.Batch);
                double before = own.Norm();
                step.Accumulate(own, -1); // loss gradient minus itself
                Assert.True(before > 0.1);
            },
        };
        var seen = new List<TrainingProgress>();
        Train(Config(3), hooks, seen).Dispose();
        Assert.All(seen, s => Assert.InRange(s.GradientNorm, 0, 1e-5));
    }

    [Fact]
    public void GradientSet_Algebra_IsThatOfVectors()
    {
        var hooks = new Hooks
        {
            Compute = step =>
            {
                step.AccumulateLoss(step.Batch);
                using GradientSet g = step.Gradients(step.Batch);
                using GradientSet h = g.Clone();
                h.Scale(3);
                Assert.Equal(3 * g.SquaredNorm(), g.Dot(h), 3e-4 * g.SquaredNorm());
                h.AddScaled(g, -1);
                using GradientSet zero = h.Minus(h);
                Assert.Equal(2 * g.Norm(), h.Norm(), 1e-4 * g.Norm());
                Assert.Equal(0, zero.Norm());
                Assert.Equal(g.Norm() * g.Norm(), g.SquaredNorm(), 1e-4 * g.SquaredNorm());
            },
        };
        Train(Config(1), hooks, []).Dispose();
    }

    [Fact]
    public void State_Snapshot_OutlivesStepsAndRestoresToTheBit()
    {
        var hooks = new Hooks
        {
            Stepped = step =>
            {
                ParameterSnapshot first = step.State.GetOrAdd("first", () => step.Parameters.Snapshot());
                using GradientSet moved = step.Parameters.Minus(first);
                if (step.OptimizerStep == 5)
                {
                    Assert.True(moved.Norm() > 0);
                    step.Parameters.Restore(first);
                    using GradientSet none = step.Parameters.Minus(first);
                    Assert.Equal(0, none.Norm());
                }
            },
        };
        Train(Config(6), hooks, []).Dispose();
    }

    [Fact]
    public void Logits_NotAskedFor_ThrowAndNameTheRemedy()
    {
        var hooks = new Hooks { Loss = (_, output) => output.Logits.sum() };
        var fault = Assert.Throws<InvalidOperationException>(() => Train(Config(1), hooks, []));
        Assert.Contains("MethodNeeds.LogitsAt", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Logits_AtLabels_GiveTheSameLossAsTheChunkedPath()
    {
        var hooks = new Hooks
        {
            Asked = MethodNeeds.LogitsAt(LogitPositions.Labels),
            Loss = (batch, output) =>
            {
                Tensor plain = nn.functional.cross_entropy(output.Logits, batch.Targets);
                Assert.Equal(plain.item<float>(), output.CrossEntropy().item<float>(), 1e-5f);
                return plain;
            },
        };
        Train(Config(2), hooks, []).Dispose();
    }

    [Fact]
    public void ComputeLoss_NotAScalarWithGraph_IsRefused()
    {
        var hooks = new Hooks { Loss = (_, output) => output.Hidden };
        Assert.Throws<InvalidOperationException>(() => Train(Config(1), hooks, []));
        Assert.Throws<InvalidOperationException>(() => Train(Config(1), new Hooks { Loss = (_, _) => zeros(1) }, []));
    }

    [Fact]
    public void Run_GradientsNotFinite_SkipsThemAndGivesUpAfterFive()
    {
        var seen = new List<TrainingProgress>();
        var hooks = new Hooks { Loss = (_, output) => output.CrossEntropy() * float.NaN };
        var fault = Assert.Throws<TrainingDivergedException>(() => Train(Config(20), hooks, seen));
        Assert.Equal(5, fault.Step);
        Assert.All(seen, s => Assert.Equal(1, s.Logged["skipped"]));
    }

    [Fact]
    public void Run_TinyGradients_AreClippedByMaxOverNormPlusAMillionth()
    {
        var seen = new List<TrainingProgress>();
        Train(Config(1), new Hooks(), seen).Dispose();
        double scale = 1e-6 / seen[0].GradientNorm; // the norm becomes 1e-6, so torch's factor is 1e-6 / (1e-6 + 1e-6) = 1/2
        var hooks = new Hooks { Loss = (_, output) => output.CrossEntropy() * scale };

        // With epsilon 1 the first AdamW step is the gradient itself to one part in a million; B began at zero and A has no gradient then.
        using ModelArtifact artifact = Train(Config(1) with { LearningRate = 1, AdamEpsilon = 1, MaxGradientNorm = 1e-6 }, hooks, []);
        double moved = Math.Sqrt(artifact.Adapter!.Factors.Values.Sum(f => Math.Pow(f.B.norm().item<float>(), 2)));
        Assert.Equal(5e-7, moved, 5e-9);
    }

    [Fact]
    public void Run_RowsOfTwoRoles_ReportsTheLossOfEach()
    {
        var seen = new List<TrainingProgress>();
        Train(Config(1) with { BatchSize = 8 }, new Hooks(), seen).Dispose();
        double benign = seen[0].LossByRole[ExampleRole.Benign], harmful = seen[0].LossByRole[ExampleRole.Harmful];
        Assert.InRange(seen[0].Loss, Math.Min(benign, harmful), Math.Max(benign, harmful));
    }

    private static TrainingConfig Config(int steps) => new() { Steps = steps, BatchSize = 4, LearningRate = 5e-3, MaxGradientNorm = 0, Schedule = LearningRateSchedule.Constant };

    private static IEnumerable<TokenizedExample> Rows(int count) => Enumerable.Range(0, count).Select(i => new TokenizedExample
    {
        RowId = i,
        InputIds = [.. Enumerable.Range(0, 6 + (i % 3)).Select(t => t < 3 ? 5 + i + t : 40 + (2 * (i % 2)) + (t % 2))],
        PromptTokenCount = 3,
        Role = i % 2 == 0 ? ExampleRole.Benign : ExampleRole.Harmful,
    });

    private ModelArtifact Train(
        TrainingConfig config, Hooks hooks, List<TrainingProgress> seen, ulong seed = 1, double dropout = 0, IBatchStream? stream = null, CancellationToken cancellationToken = default)
    {
        using var context = new TrainingContext
        {
            Model = ModelReference.Folder("fixture"),
            Training = config,
            Lora = new LoraConfig { Rank = 4, Alpha = 8, Dropout = dropout },
            Seed = seed,
            Examples = [.. Rows(16)],
            UserStream = stream,
            Progress = new Collector(seen),
        };
        using var loop = new TrainingLoop(context, hooks, decoder);
        return loop.Run(cancellationToken);
    }

    private sealed class FixedStream(IReadOnlyList<TokenizedExample[]> batches) : IBatchStream
    {
        public long Position { get; set; }

        public IReadOnlyList<TokenizedExample> Next() => batches[(int)Position++];
    }

    private sealed class Collector(List<TrainingProgress> seen) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => seen.Add(value);
    }

    private sealed class Hooks : ITrainingHooks
    {
        public MethodNeeds Asked { get; init; } = MethodNeeds.None;

        public Action<TrainingStep>? Compute { get; init; }

        public Action<TrainingStep>? Stepped { get; init; }

        public Func<TokenBatch, ModelOutput, Tensor>? Loss { get; init; }

        public MethodNeeds Needs => Asked;

        public void OnTrainingStarted(TrainingContext context)
        {
        }

        public Tensor ComputeLoss(TrainingStep step, TokenBatch batch, ModelOutput output) => Loss?.Invoke(batch, output) ?? output.CrossEntropy();

        public void ComputeGradients(TrainingStep step) => (Compute ?? (s => s.AccumulateLoss(s.Batch)))(step);

        public void OnGradientsReady(TrainingStep step)
        {
        }

        public void OnOptimizerStepped(TrainingStep step) => Stepped?.Invoke(step);

        public void OnTrainingFinished(TrainingContext context)
        {
        }
    }
}
