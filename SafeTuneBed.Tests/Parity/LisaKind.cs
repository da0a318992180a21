using System.Text.Json;

namespace SafeTuneBed.Tests.Parity;

/// <summary>LISA: the gradient of the proximal term at given weights, and a trace of the alternation with the weights at its end.</summary>
internal sealed class LisaKind : IGoldenKind
{
    private const string AfterSwitch = "right_after_switch";

    public string Name => "LISA";

    public bool Matches(GoldenFixture fixture) => fixture.Has("base_model", "static", "trace");

    public string? Unsupported(GoldenFixture fixture) => null;

    public IReadOnlyDictionary<string, Action<GoldenFixture, Measured>> Checks(GoldenFixture fixture)
    {
        var checks = new Dictionary<string, Action<GoldenFixture, Measured>>();
        foreach (string run in fixture.Expected.At("static", "runs").EnumerateObject().Select(r => r.Name))
        {
            checks[$"proximal gradient {run}"] = (f, m) => Static(f, m, run);
        }

        if (fixture.Expected.GetProperty("static").TryGetProperty(AfterSwitch, out _))
        {
            checks["right after a switch"] = Switch;
        }

        checks["alternation"] = Trace;
        return checks;
    }

    private static void Static(GoldenFixture fixture, Measured measured, string name)
    {
        JsonElement run = fixture.Expected.At("static", "runs", name);
        using var lisa = new LisaFixture(fixture);
        foreach (bool aligns in new[] { false, true })
        {
            LisaMoment moment = lisa.At(run.GetProperty("rho").GetDouble(), aligns, fromSnapshot: true);
            measured.Near("cross-entropy", moment.CrossEntropy, run.GetProperty("cross_entropy").GetDouble(), 1e-5);
            measured.Near("proximal term", moment.Proximal, run.GetProperty("proximal").GetDouble(), 1e-5);
            measured.Near("loss", moment.CrossEntropy + moment.Proximal, run.GetProperty("loss").GetDouble(), 1e-5);
            measured.Note("gradient norm, relative", Math.Abs((moment.GradientNorm / run.GetProperty("global_grad_norm").GetDouble()) - 1), 1e-5);
            Assert.NotEmpty(moment.Gradients);
            foreach ((string parameter, TorchSharp.torch.Tensor gradient) in moment.Gradients)
            {
                measured.Near("gradients", gradient, fixture.Tensor($"static.{name}.grad.{parameter}"), 2e-5);
            }
        }
    }

    private static void Switch(GoldenFixture fixture, Measured measured)
    {
        JsonElement want = fixture.Expected.At("static", AfterSwitch);
        using var lisa = new LisaFixture(fixture);
        LisaMoment moment = lisa.At(1, aligns: false, fromSnapshot: false);
        measured.Near("proximal term", moment.Proximal, want.GetProperty("proximal").GetDouble(), 0);
        measured.Note("gradient norm, relative", Math.Abs((moment.GradientNorm / want.GetProperty("global_grad_norm").GetDouble()) - 1), 1e-5);
    }

    private static void Trace(GoldenFixture fixture, Measured measured)
    {
        JsonElement trace = fixture.Expected.GetProperty("trace");
        using var lisa = new LisaFixture(fixture);
        LisaTrace got = lisa.Trace();
        JsonElement[] want = [.. trace.GetProperty("steps").EnumerateArray()];
        measured.Equal("state and batch and clock and pull of each step", [.. got.Steps.Select(s => s.Line)], [.. want.Select(s =>
            FormattableString.Invariant($"{s.GetProperty("status").GetString()} {s.GetProperty("batch").GetString()} {s.GetProperty("clock").GetInt32()} {s.GetProperty("proximal_active").GetBoolean()}"))]);
        foreach ((JsonElement step, LisaMoment moment) in want.Zip(got.Steps))
        {
            measured.Near("cross-entropy of each step", moment.CrossEntropy, step.GetProperty("cross_entropy").GetDouble(), 1e-5);
            measured.Near("loss of each step", moment.CrossEntropy + moment.Proximal, step.GetProperty("loss").GetDouble(), 1e-5);
            measured.Near("proximal term of each step", moment.Proximal, step.GetProperty("proximal").GetDouble(), 1e-5);
            measured.Note("gradient norm, relative", Math.Abs((moment.GradientNorm / step.GetProperty("grad_norm").GetDouble()) - 1), 1e-5);
        }

        Assert.NotEmpty(got.Weights);
        foreach ((string parameter, TorchSharp.torch.Tensor weight) in got.Weights)
        {
            measured.Near("weights after the last step", weight, fixture.Tensor($"trace.final.{parameter}"), 5e-6);
        }
    }
}
