using System.Text.Json;
using SafeTuneBed.Methods.Vaccine;
using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>One step of Vaccine: the losses of its passes, what it adds, and the gradients that it hands to the optimizer by their PEFT names.</summary>
internal sealed record VaccineMoment(
    IReadOnlyList<double> Losses, double ActivationNorm, ActivationSet Perturbation, double GradientNorm, IReadOnlyDictionary<string, Tensor> Gradients);

/// <summary>Runs the product's Vaccine on a fixture's model, adapter and batch.</summary>
internal sealed class VaccineFixture : IDisposable
{
    private readonly GoldenFixture fixture;
    private readonly Decoder decoder;

    public VaccineFixture(GoldenFixture fixture)
    {
        this.fixture = fixture;
        decoder = Decoder.Load(At("base_model"), ScalarType.Float32, CPU);
    }

    /// <summary>The step at the fixture's adapter.</summary>
    public VaccineMoment At(double rho)
    {
        TokenizedExample[] rows = GoldenBatches.Rows(fixture.Expected.GetProperty("batch"));
        var losses = new List<double>();
        double activation = 0, norm = 0;
        ActivationSet? perturbation = null;
        Dictionary<string, Tensor> gradients = [];
        var hooks = new WatchedHooks(new VaccineAlgorithm { Options = new VaccineOptions { Rho = rho } })
        {
            Started = context => GoldenAdapter.Fill(context.Parameters, At("adapter")),
            Lost = (_, _, loss) => losses.Add(loss.item<float>()),
            Ready = step =>
            {
                gradients = GoldenAdapter.Copies(step.Parameters, p => p.grad!);
                perturbation = step.ActivationGradients([Site.AttentionOutput], step.Batch);
                perturbation.Scale(rho / (perturbation.Norm() + 1e-7));
                perturbation.Places.ToList().ForEach(place => perturbation[place].DetachFromDisposeScope());
            },
        };
        using PeftAdapter start = PeftAdapter.Load(At("adapter"));
        using var context = new TrainingContext
        {
            Model = ModelReference.Folder("fixture"),
            Training = new TrainingConfig { Steps = 1, LearningRate = 0, MaxGradientNorm = 0 },
            Lora = start.Config,
            Examples = rows,
            UserStream = new GoldenBatches([rows]),
            Progress = new Listener(p => (activation, norm) = (p.Logged["activation-gradient"], p.GradientNorm)),
        };
        using var loop = new TrainingLoop(context, hooks, decoder);
        loop.Run(CancellationToken.None).Dispose();
        return new VaccineMoment(losses, activation, perturbation!, norm, gradients);
    }

    public void Dispose() => decoder.Dispose();

    private string At(string field) => Path.GetFullPath(Path.Combine(fixture.Folder, fixture.Expected.GetProperty(field).GetString()!));

    private sealed class Listener(Action<TrainingProgress> hear) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => hear(value);
    }
}
