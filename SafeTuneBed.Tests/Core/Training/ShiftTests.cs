using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Training;

[Collection(TorchCollection.Name)]
public sealed class ShiftTests : IDisposable
{
    private readonly LoopBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public void Shift_Disposed_RestoresEveryBitAlsoAfterAnException() => InStep(step =>
    {
        float[] before = Values(step);
        using GradientSet g = step.Gradients(step.Batch);
        using (step.Shift(g, 0.37))
        {
            float[] shifted = Values(step), expected = [.. step.Parameters.Names.SelectMany(n => g[n].data<float>())];
            Assert.Equal(0, shifted.Select((v, i) => Math.Abs(v - before[i] - (0.37 * expected[i]))).Max(), 1e-6);
            Assert.True(Math.Abs(shifted[0] - before[0]) + Math.Abs(shifted[^1] - before[^1]) > 0);
        }

        Assert.Equal(before, Values(step));
        void Fail()
        {
            using (step.Shift(g, 1e3))
            {
                throw new DivideByZeroException();
            }
        }

        Assert.Throws<DivideByZeroException>(Fail);
        Assert.Equal(before, Values(step));
    });

    [Fact]
    public void Shift_NestedAndEndedFromOutside_RestoresTheOutermost() => InStep(step =>
    {
        float[] before = Values(step);
        using GradientSet g = step.Gradients(step.Batch);
        IDisposable outer = step.Shift(g, 1);
        float[] once = Values(step);
        IDisposable inner = step.Shift(g, 1);
        inner.Dispose();
        Assert.Equal(once, Values(step));
        inner = step.Shift(g, 1);
        outer.Dispose();
        Assert.Equal(before, Values(step));
        inner.Dispose(); // too late to do harm
        Assert.Equal(before, Values(step));
    });

    [Fact]
    public void Shift_LeftOpen_IsUndoneAndReported()
    {
        var method = new ScriptedMethod { Compute = step => step.Shift(step.Gradients(step.Batch), 1) };
        var fault = Assert.Throws<InvalidOperationException>(() => bed.Train(method, bed.Context(LoopBed.Config(1))));
        Assert.Contains("using (step.Shift", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gradients_WithinAShift_AreThoseOfTheShiftedParameters() => InStep(step =>
    {
        // First order: the loss rises by scale * |g|^2 along its own gradient.
        using GradientSet g = step.Gradients(step.Batch);
        double loss = Loss(step), norm = g.SquaredNorm();
        double scale = 1e-3 / norm;
        using (step.Shift(g, scale))
        {
            Assert.Equal(scale * norm, Loss(step) - loss, 1e-4);
        }

        Assert.Equal(loss, Loss(step));
    });

    [Fact]
    public void Logits_ReadTwice_AreOneTensor()
    {
        var method = new ScriptedMethod
        {
            Asked = MethodNeeds.LogitsAt(LogitPositions.Labels),
            Compute = step =>
            {
                ModelOutput output = step.Forward(step.Batch);
                Assert.Same(output.Logits, output.Logits);
                Assert.Equal(step.Batch.SupervisedTokenCount, output.Logits.shape[0]);
                step.AccumulateLoss(step.Batch);
            },
        };
        bed.Train(method, bed.Context(LoopBed.Config(1)));
    }

    private static double Loss(TrainingStep step)
    {
        using var noGrad = TorchSharp.torch.no_grad();
        return step.Forward(step.Batch).CrossEntropy().item<float>();
    }

    private static float[] Values(TrainingStep step) => [.. step.Parameters.Names.SelectMany(n => step.Parameters[n].data<float>())];

    private void InStep(Action<TrainingStep> check)
    {
        int checks = 0;
        var method = new ScriptedMethod
        {
            Compute = step =>
            {
                step.AccumulateLoss(step.Batch);
                if (step.OptimizerStep == 3)
                {
                    check(step);
                    checks++;
                }
            },
        };
        bed.Train(method, bed.Context(LoopBed.Config(4), dropout: 0));
        Assert.Equal(1, checks);
    }
}
