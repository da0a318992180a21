using System.Text.Json;
using SafeTuneBed.Methods.Lisa;
using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>One step of LISA.</summary>
internal sealed record LisaMoment(string Line, double CrossEntropy, double Proximal, double GradientNorm, IReadOnlyDictionary<string, Tensor> Gradients);

/// <summary>A run of LISA: its steps, and the weights after the last by their PEFT names.</summary>
internal sealed record LisaTrace(IReadOnlyList<LisaMoment> Steps, IReadOnlyDictionary<string, Tensor> Weights);

/// <summary>Runs the product's LISA on a fixture's model, adapter and batches.</summary>
internal sealed class LisaFixture : IDisposable
{
    private readonly GoldenFixture fixture;
    private readonly Decoder decoder;

    public LisaFixture(GoldenFixture fixture)
    {
        this.fixture = fixture;
        decoder = Decoder.Load(At(fixture.Expected.GetProperty("base_model").GetString()!), ScalarType.Float32, CPU);
    }

    /// <summary>The first step in either state, at the fixture's adapter: pulled to its snapshot, or to the adapter itself.</summary>
    public LisaMoment At(double rho, bool aligns, bool fromSnapshot)
    {
        JsonElement part = fixture.Expected.GetProperty("static");
        TokenizedExample[][] batches = [GoldenBatches.Rows(part.GetProperty("batch"))];
        string adapter = part.GetProperty("adapter").GetString()!;
        var options = new LisaOptions { AlignmentSteps = aligns ? 1 : 0, FineTuningSteps = aligns ? 0 : 1, Rho = rho };
        return Run(
            options, new TrainingConfig { Steps = 1, LearningRate = 0, MaxGradientNorm = 0 }, adapter, 1, batches, batches,
            starting: context => GoldenAdapter.Fill(context.Parameters, At(adapter), fromSnapshot ? name => fixture.Tensor($"static.snapshot.{name}") : null)).Steps[0];
    }

    /// <summary>The fixture's trace, from its first step to its last.</summary>
    public LisaTrace Trace()
    {
        JsonElement trace = fixture.Expected.GetProperty("trace"), settings = trace.GetProperty("settings");
        var options = new LisaOptions
        {
            AlignmentSteps = settings.GetProperty("align_step").GetInt32(),
            FineTuningSteps = settings.GetProperty("finetune_step").GetInt32(),
            Rho = settings.GetProperty("rho").GetDouble(),
            ReferenceCompatible = true,
        };
        var config = new TrainingConfig
        {
            Steps = (int)Math.Round(settings.GetProperty("train_len").GetInt32() * settings.GetProperty("epochs").GetDouble()),
            LearningRate = settings.GetProperty("lr").GetDouble(),
            WeightDecay = settings.GetProperty("wd").GetDouble(),
            Schedule = LearningRateSchedule.Constant,
            MaxGradientNorm = 0,
        };
        string start = trace.GetProperty("start").GetString()!;
        return Run(
            options, config, start, settings.GetProperty("steps").GetInt32(), Batches(trace, "finetune_batches"), Batches(trace, "alignment_batches"),
            starting: context => GoldenAdapter.Fill(context.Parameters, At(start)));
    }

    public void Dispose() => decoder.Dispose();

    private static TokenizedExample[][] Batches(JsonElement trace, string name) => [.. trace.GetProperty(name).EnumerateArray().Select(GoldenBatches.Rows)];

    private string At(string relative) => Path.GetFullPath(Path.Combine(fixture.Folder, relative));

    // Runs so many steps, which may be fewer than the run has: the share of the run that is done counts all of it.
    private LisaTrace Run(
        LisaOptions options, TrainingConfig config, string adapter, int steps, TokenizedExample[][] user, TokenizedExample[][] align, Action<TrainingContext> starting)
    {
        var moments = new List<LisaMoment>();
        var weights = new Dictionary<string, Tensor>();
        (GoldenBatches userStream, GoldenBatches alignStream) = (new(user), new(align));
        (string line, string state, int clock) = ("", "", 0);
        Dictionary<string, Tensor> gradients = [];
        using var stop = new CancellationTokenSource();
        var hooks = new WatchedHooks(new LisaAlgorithm { Options = options })
        {
            Starting = starting,
            Started = context => GoldenAdapter.Fill(context.Parameters, At(adapter)),
            Computed = step =>
            {
                string now = step.Plan.StreamName is null ? "finetune" : "alignment";
                (state, clock) = (now, now == state ? clock + 1 : 0);
                (long position, int count) = step.Plan.StreamName is null ? (userStream.Position, user.Length) : (alignStream.Position, align.Length);
                line = FormattableString.Invariant($"{now} {now}[{(position - 1) % count}] {clock} ");
            },
            Ready = step => gradients = GoldenAdapter.Copies(step.Parameters, p => p.grad!),
            Stepped = step =>
            {
                if (step.OptimizerStep == steps - 1)
                {
                    weights = GoldenAdapter.Copies(step.Parameters, p => p);
                    stop.Cancel();
                }
            },
        };
        using PeftAdapter start = PeftAdapter.Load(At(adapter));
        using var context = new TrainingContext
        {
            Model = ModelReference.Folder("fixture"),
            Training = config,
            Lora = start.Config,
            Examples = user[0],
            UserStream = userStream,
            StreamRows = new Dictionary<string, IReadOnlyList<TokenizedExample>> { ["align"] = align.FirstOrDefault() ?? [] },
            StreamSources = new Dictionary<string, IBatchStream> { ["align"] = alignStream },
            Progress = new Listener(p => moments.Add(new LisaMoment(
                line + p.Logged.ContainsKey("proximal"), p.Loss, p.Logged.GetValueOrDefault("proximal"), p.GradientNorm, gradients))),
        };
        using var loop = new TrainingLoop(context, hooks, decoder);
        try
        {
            loop.Run(stop.Token).Dispose();
        }
        catch (OperationCanceledException)
        {
            // the run is longer than what the fixture tells of it
        }

        return new LisaTrace(moments, weights);
    }

    private sealed class Listener(Action<TrainingProgress> hear) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => hear(value);
    }
}
