using System.Text.Json;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>Vaccine: gradients at the attention outputs, the perturbation made of them, and the perturbed pass's loss and gradients.</summary>
internal sealed class VaccineKind : IGoldenKind
{
    public string Name => "Vaccine";

    public bool Matches(GoldenFixture fixture) => fixture.Has("base_model", "adapter", "batch", "runs");

    public string? Unsupported(GoldenFixture fixture) => null;

    public IReadOnlyDictionary<string, Action<GoldenFixture, Measured>> Checks(GoldenFixture fixture) =>
        fixture.Expected.GetProperty("runs").EnumerateObject().ToDictionary(r => $"perturbed pass {r.Name}", r => (Action<GoldenFixture, Measured>)((f, m) => Check(f, m, r.Name)));

    private static void Check(GoldenFixture fixture, Measured measured, string name)
    {
        JsonElement run = fixture.Expected.At("runs", name);
        double rho = run.GetProperty("rho").GetDouble();
        using var vaccine = new VaccineFixture(fixture);
        VaccineMoment moment = vaccine.At(rho);
        measured.Near("first loss", moment.Losses[0], run.GetProperty("first_loss").GetDouble(), 1e-5);
        measured.Note("norm of the gradient there, relative", Math.Abs((moment.ActivationNorm / run.GetProperty("gradient_l2_global").GetDouble()) - 1), 1e-5);
        measured.Note("size of the perturbation, relative", Math.Abs((moment.Perturbation.Norm() / run.GetProperty("perturbation_l2_global").GetDouble()) - 1), 1e-5);
        double[] perLayer = run.GetProperty("perturbation_l2_per_layer").Doubles();
        Assert.Equal(perLayer.Length, moment.Perturbation.Places.Count);
        for (int i = 0; i < perLayer.Length; i++)
        {
            Tensor layer = moment.Perturbation[Site.AttentionOutput.At(i)];
            measured.Note("size of one layer's, relative", Math.Abs((layer.norm().item<float>() / perLayer[i]) - 1), 1e-5);
            measured.Near("perturbation", layer, fixture.Tensor($"{name}.perturbation.layer{i}"), 1e-6 * rho / 0.1);
        }

        measured.Near("second loss", moment.Losses[1], run.GetProperty("second_loss").GetDouble(), 1e-5);
        measured.Note("second gradient norm, relative", Math.Abs((moment.GradientNorm / run.GetProperty("second_grad_global_norm").GetDouble()) - 1), 1e-5);
        Assert.NotEmpty(moment.Gradients);
        foreach ((string parameter, Tensor gradient) in moment.Gradients)
        {
            measured.Near("second gradients", gradient, fixture.Tensor($"{name}.grad.{parameter}"), 2e-5);
        }
    }
}
