using SafeTuneBed.Methods.Lisa;
using SafeTuneBed.Methods.Lora;
using SafeTuneBed.Tests.Core.Training;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Methods;

[Collection(TorchCollection.Name)]
public sealed class LisaTests : IDisposable
{
    private readonly LoopBed bed = new();

    public void Dispose() => bed.Dispose();

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 3)]
    [InlineData(true, 2)]
    public void Lisa_WithoutAlignmentAndPull_IsLoraToTheBit(bool referenceCompatible, int accumulation)
    {
        TrainingConfig config = LoopBed.Config(7) with { AccumulationSteps = accumulation };
        var lisa = new LisaAlgorithm { Options = new LisaOptions { AlignmentSteps = 0, Rho = 0, ReferenceCompatible = referenceCompatible } };
        float[] expected = bed.Train(new LoraAlgorithm(), bed.Context(config));
        Assert.Equal(expected, bed.Train(lisa, bed.Context(config)));
        lisa.Options.Rho = 1;
        Assert.NotEqual(expected, bed.Train(lisa, bed.Context(config))); // the pull to the start alone
    }

    // The twin is the published trainer's state machine, written down with its clock and its flags.
    [Theory]
    [InlineData(2, 3, false, false)]
    [InlineData(2, 3, true, false)]
    [InlineData(2, 3, false, true)]
    [InlineData(1, 1, false, false)]
    [InlineData(4, 1, false, true)]
    [InlineData(3, 0, false, false)]
    [InlineData(0, 2, false, false)]
    [InlineData(40, 3, false, true)]
    public void Lisa_RealRun_HasTheStatesRowsAndAnchorsOfThePublishedStateMachine(int k1, int k2, bool keep, bool referenceCompatible)
    {
        const int Steps = 12;
        const double Rho = 0.7;
        TrainingConfig config = LoopBed.Config(Steps);
        int[][] user = bed.Batches(config), align = bed.Batches(config, "align");
        var seen = new List<(bool Aligns, int[] Rows, float[] Weights)>();
        var logged = new LoopBed.Collector();
        var lisa = new LisaAlgorithm { Options = new LisaOptions { AlignmentSteps = k1, FineTuningSteps = k2, Rho = Rho, KeepUserBatches = keep, ReferenceCompatible = referenceCompatible } };
        bed.Watch(
            new WatchedHooks(lisa) { Computed = step => seen.Add((step.Plan.StreamName == "align", [.. step.Batch.RowIds], MethodBed.Numbers(step.Parameters))) },
            bed.Context(config, progress: logged));

        bool aligns = k1 > 0;
        int clock = 0, users = 0, aligned = 0;
        float[] alignedWeights = seen[0].Weights, tunedWeights = seen[0].Weights;
        Assert.Equal(Steps, seen.Count);
        for (int step = 0; step < Steps; step++)
        {
            if (aligns && step > 0 && k2 > 0 && clock % k1 == 0)
            {
                (aligns, clock, alignedWeights) = (false, 0, seen[step].Weights);
            }
            else if (!aligns && step > 0 && k1 > 0 && clock % k2 == 0)
            {
                (aligns, clock, tunedWeights) = (true, 0, seen[step].Weights);
            }

            Assert.Equal(aligns, seen[step].Aligns);
            Assert.Equal(aligns ? align[aligned++] : user[keep ? users++ : step], seen[step].Rows);
            float[] anchor = aligns ? tunedWeights : alignedWeights;
            double pull = Rho / 2 * seen[step].Weights.Zip(anchor).Sum(p => Math.Pow((double)p.First - p.Second, 2));
            bool active = !referenceCompatible || step > 0.1 * Steps;
            Assert.Equal(active, logged.Seen[step].Logged.TryGetValue("proximal", out double proximal));
            Assert.Equal(active ? pull : 0, proximal, 1e-6 + (1e-5 * pull));
            clock++;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Lisa_Pull_AddsRhoTimesTheWayFromTheAnchor(int accumulation)
    {
        const double Rho = 2.5;
        float[] start = [];
        double largest = 0, pull = 0;
        TrainingConfig config = LoopBed.Config(5) with { AccumulationSteps = accumulation, Weighting = AccumulationWeighting.ByTokens };
        var window = new List<float[]>();
        bed.Watch(
            new WatchedHooks(new LisaAlgorithm { Options = new LisaOptions { AlignmentSteps = 0, Rho = Rho } })
            {
                Started = context => start = MethodBed.Numbers(context.Parameters),
                Computed = step =>
                {
                    using GradientSet loss = step.Gradients(step.Batch);
                    loss.Scale(step.WindowWeight);
                    window.Add([.. step.Parameters.Names.SelectMany(n => loss[n].contiguous().data<float>().ToArray())]);
                },
                Ready = step =>
                {
                    float[] weights = MethodBed.Numbers(step.Parameters), all = MethodBed.Gradients(step.Parameters);
                    for (int i = 0; i < all.Length; i++)
                    {
                        double closed = Rho * ((double)weights[i] - start[i]);
                        pull = Math.Max(pull, Math.Abs(closed));
                        largest = Math.Max(largest, Math.Abs(all[i] - window.Sum(w => (double)w[i]) - closed));
                    }

                    window.Clear();
                },
            },
            bed.Context(config, dropout: 0));
        Assert.True(pull > 0.01, $"{pull}");
        Assert.InRange(largest, 0, 2e-6);
    }

    [Theory]
    [InlineData(3, 1, false)]
    [InlineData(5, 2, false)]
    [InlineData(5, 3, true)]
    [InlineData(9, 1, true)]
    public void Lisa_StoppedAndGoneOn_EqualsTheUninterruptedRunToTheBit(int stopAt, int accumulation, bool referenceCompatible)
    {
        TrainingConfig config = LoopBed.Config(12) with { AccumulationSteps = accumulation };
        LisaAlgorithm Create() => new() { Options = new LisaOptions { AlignmentSteps = 2, FineTuningSteps = 3, ReferenceCompatible = referenceCompatible } };
        Assert.Equal(bed.Train(Create(), bed.Context(config)), bed.TrainInTwoParts(Create, config, stopAt));
    }

    [Theory]
    [InlineData(false, "AAAA|AAAA|FFFF|FFFF|FFFF|AAAA")]
    [InlineData(true, "AAFF|FAAF|FFAA|FFFA|AFFF|AAFF")]
    public void Lisa_Accumulation_CountsStepsOrAsPublishedMicroSteps(bool referenceCompatible, string expected)
    {
        string states = "";
        bed.Watch(
            new WatchedHooks(new LisaAlgorithm { Options = new LisaOptions { AlignmentSteps = 2, FineTuningSteps = 3, ReferenceCompatible = referenceCompatible } })
            {
                Computed = step => states += (step.WindowIndex == 0 && step.MicroStep > 0 ? "|" : "") + (step.Plan.StreamName is null ? 'F' : 'A'),
            },
            bed.Context(LoopBed.Config(6) with { BatchSize = 1, AccumulationSteps = 4 }, rows: 24));
        Assert.Equal(expected, states);
    }

    // Rows of one length, as many as whole batches make: only the order of sums differs between one batch of four rows and four of one.
    [Fact]
    public void Lisa_FourMicroBatchesOfOneRow_EqualOneBatchOfFour()
    {
        float[] Run(int batch, int accumulation)
        {
            TrainingContext context = bed.Context(LoopBed.Config(8) with { BatchSize = batch, AccumulationSteps = accumulation, AdamEpsilon = 1e-3 }, dropout: 0, rows: 16);
            var streams = new Dictionary<string, IReadOnlyList<TokenizedExample>> { ["align"] = LoopBed.Rows(12, 100, ExampleRole.Alignment) };
            return bed.Train(
                new LisaAlgorithm { Options = new LisaOptions { AlignmentSteps = 2, FineTuningSteps = 3 } },
                new TrainingContext { Model = context.Model, Training = context.Training, Lora = context.Lora, Seed = context.Seed, Examples = context.Examples, StreamRows = streams });
        }

        Assert.Equal(0, Run(4, 1).Zip(Run(1, 4)).Max(p => Math.Abs(p.First - p.Second)), 2e-6);
    }
}
