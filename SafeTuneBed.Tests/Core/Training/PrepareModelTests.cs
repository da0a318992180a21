using SafeTuneBed.Models;
using SafeTuneBed.Tests.Methods;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>The hook on the model before adapters are attached.</summary>
[Collection(TorchCollection.Name)]
public sealed class PrepareModelTests : IDisposable
{
    private readonly LoopBed bed = new(); // three blocks

    public void Dispose() => bed.Dispose();

    [Fact]
    public void PrepareModel_PlacesItChooses_AreTheOnesThatTrainAndBeginAsTheyWouldAmongAll()
    {
        TrainingConfig still = LoopBed.Config(1) with { LearningRate = 0 };
        IReadOnlyDictionary<string, float[]> all = Factors(new ScriptedMethod(), still);
        IReadOnlyDictionary<string, float[]> some = Factors(new ScriptedMethod { Prepare = context => context.Lora = context.Lora with { LayersToTransform = [1] } }, still);
        Assert.Equal(3, some.Count);
        Assert.Equal(9, all.Count);
        Assert.All(some, f => Assert.Equal((true, true), (f.Key.Contains(".layers.1.", StringComparison.Ordinal), all[f.Key].SequenceEqual(f.Value))));
        Assert.Equal(all.Values.SelectMany(v => v), Factors(new ScriptedMethod { Prepare = _ => { } }, still).Values.SelectMany(v => v));
    }

    [Fact]
    public void PrepareModel_WhatItSees_IsTheModelWithoutAdapterAndWithoutGraph()
    {
        int calls = 0;
        bed.Train(
            new ScriptedMethod
            {
                Prepare = context =>
                {
                    calls++;
                    Assert.Equal((3, 21, 18, 11), (context.LayerCount, context.LinearPaths.Count, context.Examples.Count, context.StreamRows["align"].Count));
                    TokenBatch batch = context.CreateBatch(context.Examples.Take(3));
                    ActivationSet states = context.Activations([Site.BlockOutput], batch);
                    var kept = new List<Tensor>();
                    bed.Decoder.Hidden(batch.InputIds, kept).Dispose();
                    Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(kept[i + 1].data<float>().ToArray(), states[Site.BlockOutput.At(i)].data<float>().ToArray()));
                    Assert.All(states.Places, p => Assert.False(states[p].requires_grad));
                    Assert.False(context.Forward(batch).CrossEntropy().requires_grad);
                    kept.ForEach(k => k.Dispose());
                    Assert.All(bed.Decoder.Linears, l => Assert.Null(l.Adapter));
                },
            },
            bed.Context(LoopBed.Config(2)));
        Assert.Equal(1, calls);
    }

    [Fact]
    public void PrepareModel_PlaceThatTheModelLacks_IsToldBeforeTheFirstStep() => Assert.Throws<ConfigurationException>(() => bed.Train(
        new ScriptedMethod { Prepare = context => context.Lora = context.Lora with { TargetModules = ["nowhere"] }, Started = _ => Assert.Fail("begun") }, bed.Context(LoopBed.Config(1))));

    [Fact]
    public void PrepareModel_StreamThatIsMissing_IsToldBeforeTheHook()
    {
        using TrainingContext full = bed.Context(LoopBed.Config(1));
        using var context = new TrainingContext { Model = full.Model, Training = full.Training, Lora = full.Lora, Examples = full.Examples };
        Assert.Contains("'harmful'", Assert.Throws<ConfigurationException>(() => bed.Train(
            new ScriptedMethod { Asked = MethodNeeds.Stream("harmful"), Prepare = _ => Assert.Fail("begun") }, context)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ProbedLayers_StoppedAndGoneOn_DecidesTheSameAndEndsAlike()
    {
        Assert.Equal(3, Factors(new ProbedLayersAlgorithm(), LoopBed.Config(2)).Count);
        Assert.Equal(
            bed.Train(new ProbedLayersAlgorithm(), bed.Context(LoopBed.Config(9))),
            bed.TrainInTwoParts(() => new ProbedLayersAlgorithm(), LoopBed.Config(9), 4));
    }

    // A and B of each layer.
    private SortedDictionary<string, float[]> Factors(MethodAlgorithm method, TrainingConfig config)
    {
        using TrainingContext context = bed.Context(config);
        using var loop = new TrainingLoop(context, method.CreateHooks(), bed.Decoder);
        using ModelArtifact artifact = loop.Run(CancellationToken.None);
        return new(artifact.Adapter!.Factors.ToDictionary(f => f.Key, f => (float[])[.. f.Value.A.data<float>(), .. f.Value.B.data<float>()]), StringComparer.Ordinal);
    }
}
