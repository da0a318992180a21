using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>Named streams and the plan of a window.</summary>
[Collection(TorchCollection.Name)]
public sealed class StreamTests : IDisposable
{
    private readonly LoopBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public void Stream_TwoPasses_GivesEveryRowOnceAPassInTwoOrders()
    {
        var seen = new List<int>();
        var method = new ScriptedMethod
        {
            Asked = MethodNeeds.Stream("align"),
            Compute = step =>
            {
                Assert.Equal(11, step.Stream("align").RowCount);
                seen.AddRange(step.Stream("align").Next().RowIds);
                step.AccumulateLoss(step.Batch);
            },
        };
        bed.Train(method, bed.Context(LoopBed.Config(6)));
        Assert.Equal(Enumerable.Range(100, 11), seen.Take(11).Order());
        Assert.Equal(Enumerable.Range(100, 11), seen.Skip(11).Order());
        Assert.NotEqual(seen.Take(11), seen.Skip(11));
    }

    [Fact]
    public void Stream_OrderAndPlace_DependOnSeedAndNameAlone()
    {
        int[] Ids(ulong seed, bool others)
        {
            var seen = new List<int>();
            var method = new ScriptedMethod
            {
                Asked = others ? MethodNeeds.Stream("harmful").And(MethodNeeds.Stream("align")) : MethodNeeds.Stream("align"),
                Compute = step =>
                {
                    if (others)
                    {
                        step.Stream("harmful").Next();
                    }

                    seen.AddRange(step.Stream("align").Next().RowIds);
                    step.AccumulateLoss(step.Batch);
                },
            };
            bed.Train(method, bed.Context(LoopBed.Config(3), seed: seed));
            return [.. seen];
        }

        Assert.Equal(Ids(1, false), Ids(1, true));
        Assert.NotEqual(Ids(1, false), Ids(2, false));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PlanBatch_Alternation_RoutesRowsAndPassesOverOrKeepsTheUsers(bool keep)
    {
        int[][] user = UserBatches(10);
        var trace = new List<(bool Aligns, int[] Rows)>();
        var method = new AlternatingMethod { Options = new AlternatingOptions { KeepUserBatches = keep }, Inside = step => trace.Add((step.Plan.StreamName == "align", [.. step.Batch.RowIds])) };
        bed.Train(method, bed.Context(LoopBed.Config(10)));

        Assert.Equal("AAFFFAAFFF", string.Concat(trace.Select(t => t.Aligns ? 'A' : 'F')));
        Assert.All(trace, t => Assert.All(t.Rows, row => Assert.Equal(t.Aligns, row is >= 100 and < 200)));
        int[][] used = [.. trace.Where(t => !t.Aligns).Select(t => t.Rows)];
        int[][] expected = keep ? user[..6] : [user[2], user[3], user[4], user[7], user[8], user[9]];
        Assert.Equal(expected, used);
    }

    [Theory]
    [InlineData(AccumulationWeighting.ByTokens)]
    [InlineData(AccumulationWeighting.Equal)]
    public void WindowWeight_MixedWindow_IsKnownBeforeTheFirstMicroStepAndSumsToOne(AccumulationWeighting weighting)
    {
        var weights = new List<(double Weight, int Tokens)>();
        var method = new ScriptedMethod
        {
            Asked = MethodNeeds.Stream("align"),
            Plan = step =>
            {
                Assert.Throws<InvalidOperationException>(() => step.Batch);
                Assert.Throws<InvalidOperationException>(() => step.WindowWeight);
                return step.WindowIndex == 1 ? BatchPlan.Stream("align") : BatchPlan.User;
            },
            Compute = step =>
            {
                weights.Add((step.WindowWeight, step.Batch.SupervisedTokenCount));
                step.AccumulateLoss(step.Batch);
            },
            Ready = step => Assert.Equal(1, step.WindowWeight),
        };
        bed.Train(method, bed.Context(LoopBed.Config(1) with { AccumulationSteps = 3, Weighting = weighting }));

        Assert.Equal(3, weights.Count);
        Assert.Equal(1, weights.Sum(w => w.Weight), 12);
        double all = weights.Sum(w => w.Tokens);
        Assert.All(weights, w => Assert.Equal(weighting == AccumulationWeighting.Equal ? 1.0 / 3 : w.Tokens / all, w.Weight, 12));
    }

    [Fact]
    public void Stream_NotAskedFor_ThrowsAndNamesTheRemedy()
    {
        var method = new ScriptedMethod { Plan = _ => BatchPlan.Stream("align") };
        var fault = Assert.Throws<InvalidOperationException>(() => bed.Train(method, bed.Context(LoopBed.Config(1))));
        Assert.Contains("MethodNeeds.Stream(\"align\")", fault.Message, StringComparison.Ordinal);
        Assert.Throws<ConfigurationException>(() => bed.Train(new ScriptedMethod { Asked = MethodNeeds.Stream("retain") }, bed.Context(LoopBed.Config(1))));
    }

    [Fact]
    public void AlternatingMethod_WithoutAlignmentAndPull_IsPlainTrainingToTheBit()
    {
        var method = new AlternatingMethod { Options = new AlternatingOptions { AlignSteps = 0, Rho = 0 } };
        Assert.Equal(bed.Train(new ScriptedMethod(), bed.Context(LoopBed.Config(8))), bed.Train(method, bed.Context(LoopBed.Config(8))));
    }

    [Fact]
    public void OnTrainingStarted_HasStreamsBatchesAndGradients()
    {
        double norm = 0;
        var method = new ScriptedMethod
        {
            Asked = MethodNeeds.Stream("align"),
            Started = context =>
            {
                TokenBatch batch = context.Stream("align").Next();
                using GradientSet gradients = context.Gradients(batch);
                norm = gradients.Norm();
                using GradientSet twice = context.Gradients(batch, (_, output) => output.CrossEntropy() * 2);
                Assert.Equal(2 * norm, twice.Norm(), 1e-4 * norm);
                Assert.Equal([3, 4], context.CreateBatch(context.Examples.Skip(3).Take(2)).RowIds);
            },
            Compute = step =>
            {
                Assert.Equal(step.OptimizerStep == 0 ? 4 : 3, step.Stream("align").Next().RowIds.Count); // the second and third batch of eleven rows
                step.AccumulateLoss(step.Batch);
            },
        };
        bed.Train(method, bed.Context(LoopBed.Config(2), dropout: 0));
        Assert.True(norm > 0.01);
        using TrainingContext idle = bed.Context(LoopBed.Config(1));
        Assert.Throws<InvalidOperationException>(() => idle.Stream("align"));
    }

    private int[][] UserBatches(int count)
    {
        var batches = new List<int[]>();
        bed.Train(new ScriptedMethod { Ready = step => batches.Add([.. step.Batch.RowIds]) }, bed.Context(LoopBed.Config(count)));
        return [.. batches];
    }
}
