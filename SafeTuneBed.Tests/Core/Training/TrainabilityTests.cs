using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>Frozen parameters stand still, in every respect.</summary>
[Collection(TorchCollection.Name)]
public sealed class TrainabilityTests : IDisposable
{
    private readonly LoopBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public void AdamW_FrozenNowAndThen_EqualsTheFormulaWithStepsOfItsOwn()
    {
        const double lr = 0.01, b1 = 0.9, b2 = 0.99, eps = 1e-8, wd = 0.1;
        using var flat = new FlatParameters([("a", [5]), ("b", [20]), ("c", [3])], torch.CPU);
        using var optimizer = new AdamW(flat, b1, b2, eps, wd);
        (string Name, int Size)[] parameters = [("a", 5), ("b", 20), ("c", 3)];
        var w = parameters.ToDictionary(p => p.Name, p => Enumerable.Range(0, p.Size).Select(i => Math.Cos(i + p.Size)).ToArray());
        var m = parameters.ToDictionary(p => p.Name, p => new double[p.Size]);
        var v = parameters.ToDictionary(p => p.Name, p => new double[p.Size]);
        var steps = parameters.ToDictionary(p => p.Name, _ => 0);
        using (torch.no_grad())
        {
            foreach (var (name, values) in w)
            {
                flat[name].copy_(torch.tensor([.. values.Select(x => (float)x)]));
            }
        }

        for (int t = 1; t <= 20; t++)
        {
            bool[] trains = [t % 3 != 0, t <= 6 || t > 12, t > 4];
            flat.SetActive(trains);
            for (int p = 0; p < 3; p++)
            {
                (string name, int size) = parameters[p];
                double[] gradient = [.. Enumerable.Range(0, size).Select(i => Math.Sin((t * 1.7) + i + p))];
                Assert.Equal(trains[p], flat[name].requires_grad);
                if (!trains[p])
                {
                    Assert.Null(flat[name].grad);
                    continue;
                }

                using (torch.NewDisposeScope())
                {
                    flat.Part(flat.Gradients, name).copy_(torch.tensor([.. gradient.Select(x => (float)x)]));
                }

                int step = ++steps[name];
                for (int i = 0; i < size; i++)
                {
                    m[name][i] = (b1 * m[name][i]) + ((1 - b1) * gradient[i]);
                    v[name][i] = (b2 * v[name][i]) + ((1 - b2) * gradient[i] * gradient[i]);
                    w[name][i] -= lr * wd * w[name][i];
                    w[name][i] -= lr * (m[name][i] / (1 - Math.Pow(b1, step))) / (Math.Sqrt(v[name][i] / (1 - Math.Pow(b2, step))) + eps);
                }
            }

            optimizer.Step(lr);
        }

        foreach ((string name, int size) in parameters)
        {
            float[] actual = flat[name].data<float>().ToArray(), first = flat.Part(optimizer.First, name).data<float>().ToArray();
            for (int i = 0; i < size; i++)
            {
                Assert.Equal(w[name][i], actual[i], 2e-6);
                Assert.Equal(m[name][i], first[i], 2e-6);
            }
        }
    }

    [Fact]
    public void ActiveRanges_JoinNeighborsOfEqualSteps()
    {
        using var flat = new FlatParameters([("a", [16]), ("b", [17]), ("c", [1]), ("d", [16])], torch.CPU);
        Assert.Equal([new FlatRange(0, 16 + 32 + 16 + 16, 0)], flat.ActiveRanges());
        flat.SetActive([true, false, true, true]);
        flat.CountStep();
        Assert.Equal([new FlatRange(0, 16, 1), new FlatRange(48, 32, 1)], flat.ActiveRanges());
        flat.SetActive([true, true, true, true]);
        Assert.Equal([new FlatRange(0, 16, 1), new FlatRange(16, 32, 0), new FlatRange(48, 32, 1)], flat.ActiveRanges());
        Assert.Throws<InvalidOperationException>(() => flat.SetActive([false, false, false, false]));
    }

    [Fact]
    public void SetTrainable_OneLayerInMidRun_HoldsItToTheBitUntilItTrainsAgain()
    {
        var frozen = new List<float[]>();
        var rest = new List<float[]>();
        var method = new ScriptedMethod
        {
            Stepped = step =>
            {
                Assert.Equal([0, 1], step.Parameters.Infos.Select(i => i.Layer!.Value).Distinct().Order().Take(2));
                if (step.OptimizerStep is 3 or 6)
                {
                    step.Parameters.SetTrainable(p => p.Layer != 0 || step.OptimizerStep == 6);
                }

                frozen.Add(Values(step, 0));
                rest.Add(Values(step, 1));
            },
            Ready = step =>
            {
                using GradientSet drift = step.Parameters.Minus(step.State.GetOrAdd("start", step.Parameters.Snapshot));
                step.Accumulate(drift, 0.5); // moves no frozen parameter either
            },
        };
        bed.Train(method, bed.Context(LoopBed.Config(9)));
        Assert.All(frozen[3..7], v => Assert.Equal(frozen[3], v));
        Assert.NotEqual(frozen[2], frozen[3]);
        Assert.NotEqual(frozen[6], frozen[7]);
        Assert.All(rest.Zip(rest.Skip(1)).Skip(1), p => Assert.NotEqual(p.First, p.Second));
    }

    [Theory]
    [InlineData("lora_A")]
    [InlineData("lora_B")]
    public void SetTrainable_OneFactorOfEach_LeavesTheOthersGradientAsItWas(string kept)
    {
        var gradients = new List<float[]>();
        foreach (bool freezes in new[] { false, true })
        {
            var method = new ScriptedMethod
            {
                Started = context =>
                {
                    foreach (string name in context.Parameters.Names)
                    {
                        using var noGrad = torch.no_grad();
                        context.Parameters[name].add_(0.01f);
                    }

                    context.Parameters.SetTrainable(p => !freezes || p.Part == kept);
                },
                Ready = step => gradients.Add([.. step.Parameters.Names.Where(n => n.EndsWith(kept, StringComparison.Ordinal)).SelectMany(n => step.Parameters[n].grad!.data<float>())]),
            };
            bed.Train(method, bed.Context(LoopBed.Config(1), dropout: 0.3));
        }

        Assert.True(gradients[0].Max(Math.Abs) > 1e-4);
        Assert.Equal(gradients[0], gradients[1]);
    }

    private static float[] Values(TrainingStep step, int layer) =>
        [.. step.Parameters.Infos.Where(i => i.Layer == layer).SelectMany(i => step.Parameters[i.Name].data<float>())];
}
