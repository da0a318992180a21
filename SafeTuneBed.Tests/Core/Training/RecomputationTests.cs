using SafeTuneBed.Models;
using SafeTuneBed.Tests.Core.Models;
using SafeTuneBed.Tests.Core.Models.Families;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>Blocks computed again on the way back, against plain passes: to the bit.</summary>
[Collection(TorchCollection.Name)]
public sealed class RecomputationTests
{
    [Theory]
    [InlineData("plain", 1, true)]
    [InlineData("plain", 3, false)]
    [InlineData("alternating", 2, false)]
    [InlineData("attenuating", 1, true)]
    [InlineData("last block alone", 1, false)]
    public void Run_Recomputed_EndsWithThePlainRunsAdaptersToTheBit(string kind, int accumulation, bool packing)
    {
        using var bed = new LoopBed();
        TrainingConfig config = LoopBed.Config(12) with { AccumulationSteps = accumulation, Packing = packing };
        float[] plain = Train(false), again = Train(true);
        Assert.Equal(plain, again);
        Assert.Null(bed.Decoder.Recomputation);

        float[] Train(bool recomputed) => bed.Train(
            kind switch
            {
                "alternating" => new AlternatingMethod(),
                "attenuating" => new AttenuatingMethod(),
                "last block alone" => new ScriptedMethod { Started = context => context.Parameters.SetTrainable(p => p.Layer == 1) },
                _ => new ScriptedMethod(),
            },
            bed.Context(config with { GradientCheckpointing = recomputed }, dropout: 0.3));
    }

    [Fact]
    public void Gradients_OfTwoPassesGoneBackTogether_EqualPlainOnes()
    {
        // The second pass draws its masks before the first one goes back.
        using var bed = new LoopBed();
        var norms = new List<double>();
        foreach (bool recomputed in new[] { false, true })
        {
            bed.Train(
                new ScriptedMethod
                {
                    Asked = MethodNeeds.Stream("align"),
                    Compute = step =>
                    {
                        TokenBatch other = step.Stream("align").Next();
                        using GradientSet both = step.Gradients(step.Batch, (_, output) => output.CrossEntropy() + (2 * step.Forward(other).CrossEntropy()));
                        norms.Add(both.Norm());
                        step.Accumulate(both);
                    },
                },
                bed.Context(LoopBed.Config(4) with { GradientCheckpointing = recomputed }, dropout: 0.3));
        }

        Assert.Equal(norms[..4], norms[4..]);
    }

    [Theory]
    [MemberData(nameof(FamilySpecs.Names), MemberType = typeof(FamilySpecs))]
    public void Gradients_OfEveryWeightOfAnyFamily_EqualPlainOnesToTheBit(string name)
    {
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        Tensor ids_BT = DecoderTests.Row(model.RandomIds(42)).view(2, 21);
        Tensor[] weights = [.. decoder.Weights.Values.Select(w => w.requires_grad_(true))];

        double[][] plain = Gradients();
        decoder.Recomputation = new Recomputation(() => () => { });
        double[][] again = Gradients();

        Assert.Equal(plain, again);

        double[][] Gradients()
        {
            decoder.Head(decoder.Hidden(ids_BT)).logsumexp(-1).sum().backward();
            decoder.Recomputation?.ThrowIfFailed();
            double[][] gradients = [.. weights.Select(w => w.grad!.data<double>().ToArray())];
            Array.ForEach(weights, w => w.grad = null);
            return gradients;
        }
    }

    [Fact]
    public void ActivationGradients_Recomputed_EqualPlainOnes()
    {
        using var bed = new LoopBed();
        var norms = new List<double>();
        foreach (bool recomputed in new[] { false, true })
        {
            bed.Train(
                new ScriptedMethod
                {
                    Compute = step =>
                    {
                        foreach (Site site in new[] { Site.AttentionOutput, Site.MlpOutput.At(1), Site.BlockOutput, Site.Embeddings })
                        {
                            using ActivationSet gradients = step.ActivationGradients([site], step.Batch);
                            norms.Add(gradients.Norm());
                            gradients.Scale(0.1 / gradients.Norm());
                            using GradientSet moved = step.Gradients(step.Batch, taps: gradients);
                            norms.Add(moved.Norm());
                            step.Accumulate(moved);
                        }
                    },
                },
                bed.Context(LoopBed.Config(2) with { GradientCheckpointing = recomputed }, dropout: 0.2));
        }

        Assert.Equal(norms[..(norms.Count / 2)], norms[(norms.Count / 2)..]);
    }

    [Fact]
    public void Backward_SomethingThrowsOnTheWayBack_IsThrownBehindItAndTheNextPassIsSound()
    {
        using var bed = new LoopBed();
        using var scope = NewDisposeScope();
        bool fails = true;
        Tensor weight = bed.Decoder.Linears[0].Weight.requires_grad_(true), ids = DecoderTests.Row([5, 6, 7, 8]);
        bed.Decoder.Recomputation = new Recomputation(() => () => { if (fails) { throw new InvalidOperationException("no memory"); } });
        bed.Decoder.Hidden(ids).sum().backward();
        Assert.Equal("no memory", Assert.Throws<InvalidOperationException>(bed.Decoder.Recomputation.ThrowIfFailed).Message);
        fails = false;
        weight.grad = null;
        bed.Decoder.Hidden(ids).sum().backward();
        bed.Decoder.Recomputation.ThrowIfFailed();
        using Tensor again = weight.grad!.clone();
        weight.grad = null;
        bed.Decoder.Recomputation = null;
        bed.Decoder.Hidden(ids).sum().backward();
        Assert.Equal(weight.grad!.data<float>().ToArray(), again.data<float>().ToArray());
    }

    [Fact]
    public void Run_Recomputed_KeepsTheNumberOfLiveTensorsFlat()
    {
        using var bed = new LoopBed();
        long before = LiveTensors.Count();
        var counts = new List<long>();
        bed.Train(new ScriptedMethod { Stepped = _ => counts.Add(Tensor.TotalCount) }, bed.Context(LoopBed.Config(40) with { GradientCheckpointing = true }));
        Assert.Equal(counts[5], counts[^1]);
        Assert.InRange(LiveTensors.Count() - before, -1000, 8);
    }
}
