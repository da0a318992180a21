using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;

namespace SafeTuneBed.Tests.Core.Training;

[Collection(TorchCollection.Name)]
public sealed class FlatParametersTests
{
    [Fact]
    public void Backward_ThroughViews_FillsTheFlatBufferAndAdds()
    {
        using var flat = new FlatParameters([("a", [3]), ("b", [2, 2])], torch.CPU);
        using (torch.no_grad())
        {
            flat["a"].copy_(torch.tensor(new float[] { 1, 2, 3 }));
        }

        for (int i = 0; i < 2; i++)
        {
            using var scope = torch.NewDisposeScope();
            (flat["a"].square().sum() + (flat["b"] * 5).sum()).backward();
        }

        Assert.Equal([4, 8, 12], flat.Part(flat.Gradients, "a").data<float>().ToArray());
        Assert.Equal([10, 10, 10, 10], flat.Part(flat.Gradients, "b").data<float>().ToArray());
        Assert.Equal(Math.Sqrt(16 + 64 + 144 + 400), flat.GradientNorm(), 5);
        Assert.Equal(7, flat.Count);
        Assert.Equal(0, flat.Values.numel() % 16);
    }

    [Fact]
    public void LinkGradients_AnotherBuffer_LeavesTheOptimizersUntouched()
    {
        using var flat = new FlatParameters([("a", [3])], torch.CPU);
        using torch.Tensor other = torch.zeros_like(flat.Gradients);
        flat.LinkGradients(other);
        using (torch.NewDisposeScope())
        {
            flat["a"].sum().backward();
        }

        flat.LinkGradients(flat.Gradients);
        Assert.Equal(0, flat.Gradients.sum().item<float>());
        Assert.Equal(3, other.sum().item<float>());
        using (torch.NewDisposeScope())
        {
            flat["a"].sum().backward();
        }

        Assert.Equal(3, flat.Gradients.sum().item<float>());
    }

    [Fact]
    public void AdamW_TwentySteps_EqualsTheFormulaInDouble()
    {
        const double lr = 0.01, b1 = 0.9, b2 = 0.99, eps = 1e-8, wd = 0.1;
        using var flat = new FlatParameters([("w", [5])], torch.CPU);
        using var optimizer = new AdamW(flat, b1, b2, eps, wd);
        double[] w = [1, -2, 0.5, 3, -0.1], m = new double[5], v = new double[5];
        using (torch.no_grad())
        {
            flat["w"].copy_(torch.tensor([.. w.Select(x => (float)x)]));
        }

        for (int t = 1; t <= 20; t++)
        {
            double[] gradient = [.. w.Select((_, i) => Math.Sin((t * 1.7) + i))];
            using (torch.NewDisposeScope())
            {
                flat.Part(flat.Gradients, "w").copy_(torch.tensor([.. gradient.Select(x => (float)x)]));
                optimizer.Step(lr);
            }

            for (int i = 0; i < 5; i++)
            {
                m[i] = (b1 * m[i]) + ((1 - b1) * gradient[i]);
                v[i] = (b2 * v[i]) + ((1 - b2) * gradient[i] * gradient[i]);
                w[i] -= lr * wd * w[i];
                w[i] -= lr * (m[i] / (1 - Math.Pow(b1, t))) / (Math.Sqrt(v[i] / (1 - Math.Pow(b2, t))) + eps);
            }
        }

        float[] actual = flat["w"].data<float>().ToArray();
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(w[i], actual[i], 2e-6);
        }
    }
}
