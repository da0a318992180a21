using System.Text.Json;
using SafeTuneBed.Models;
using SafeTuneBed.Training;
using TorchSharp;

namespace SafeTuneBed.Tests.Parity;

/// <summary>Compares our adapters, gradients and training runs with a fixture of the kind <c>llama_lora</c>.</summary>
internal sealed class LoraFixture : IDisposable
{
    private const string PeftPrefix = "base_model.model.";

    private readonly string folder;
    private readonly JsonElement expected;
    private readonly SafetensorsFile tensors;
    private readonly Decoder decoder;

    public LoraFixture(string folder)
    {
        this.folder = folder;
        expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json"))).RootElement;
        tensors = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        decoder = Decoder.Load(Path.GetFullPath(Path.Combine(folder, expected.GetProperty("base_model").GetString()!)), torch.ScalarType.Float32, torch.CPU);
    }

    /// <summary>Largest differences of (loss, gradients, logits).</summary>
    public (double Loss, double Gradient, double Logits) CompareGradients(string name)
    {
        JsonElement check = expected.GetProperty(name);
        double gradient = 0, loss = 0, logits = 0;
        var hooks = new FixtureHooks(this, check.GetProperty("adapter").GetString()!)
        {
            Ready = step =>
            {
                using GradientSet own = step.Gradients(step.Batch);
                foreach (string parameter in step.Parameters.Names)
                {
                    using torch.Tensor want = tensors.Read($"{name}.{PeftName(parameter)}");
                    gradient = Math.Max(gradient, MaxDifference(own[parameter], want));
                }

                using var noGrad = torch.no_grad();
                ModelOutput output = step.Forward(step.Batch);
                loss = Math.Abs(output.CrossEntropy().item<float>() - check.GetProperty("loss").GetDouble());
                using torch.Tensor wantLogits = tensors.Read($"{name}.logits");
                logits = Enumerable.Range(0, step.Batch.Lengths.Count).Max(b => MaxDifference(
                    output.Logits[b].narrow(0, 0, step.Batch.Lengths[b]), wantLogits[b].narrow(0, 0, step.Batch.Lengths[b])));
            },
        };
        Train(new TrainingConfig { Steps = 1, LearningRate = 0, MaxGradientNorm = 0 }, hooks, [[check.GetProperty("batch").GetInt32()]]).Dispose();
        return (loss, gradient, logits);
    }

    /// <summary>Largest differences of (loss, relative gradient norm, learning rate, final weights).</summary>
    public (double Loss, double Norm, double Rate, double Weights) CompareRun(string name)
    {
        JsonElement run = expected.GetProperty(name);
        var seen = new List<TrainingProgress>();
        int[][] windows = [.. run.GetProperty("batches").EnumerateArray().Select(w => w.EnumerateArray().Select(b => b.GetInt32()).ToArray())];
        string? accumulation = run.GetProperty("accumulation").ValueKind == JsonValueKind.String ? run.GetProperty("accumulation").GetString() : null;
        var config = new TrainingConfig
        {
            Steps = run.GetProperty("total_steps").GetInt32(),
            LearningRate = run.GetProperty("lr").GetDouble(),
            WeightDecay = run.GetProperty("weight_decay").GetDouble(),
            AdamBeta1 = run.GetProperty("betas")[0].GetDouble(),
            AdamBeta2 = run.GetProperty("betas")[1].GetDouble(),
            AdamEpsilon = run.GetProperty("eps").GetDouble(),
            Schedule = Enum.Parse<LearningRateSchedule>(run.GetProperty("lr_scheduler_type").GetString()!, ignoreCase: true),
            WarmupSteps = run.GetProperty("warmup_steps").GetInt32(),
            MaxGradientNorm = run.GetProperty("max_grad_norm").GetDouble(),
            AccumulationSteps = windows[0].Length,
            Weighting = accumulation is null or "token" ? AccumulationWeighting.ByTokens : AccumulationWeighting.Equal,
        };
        var hooks = new FixtureHooks(this, run.GetProperty("start").GetString()!);
        using ModelArtifact artifact = Train(config, hooks, windows, new Collector(seen));
        double loss = 0, norm = 0, rate = 0, weights = 0;
        foreach ((JsonElement want, TrainingProgress got) in run.GetProperty("steps").EnumerateArray().Zip(seen))
        {
            loss = Math.Max(loss, Math.Abs(want.GetProperty("loss").GetDouble() - got.Loss));
            norm = Math.Max(norm, Math.Abs((want.GetProperty("grad_norm").GetDouble() - got.GradientNorm) / want.GetProperty("grad_norm").GetDouble()));
            rate = Math.Max(rate, Math.Abs(want.GetProperty("lr").GetDouble() - got.LearningRate));
        }

        Assert.Equal(run.GetProperty("steps").GetArrayLength(), seen.Count);
        foreach ((string path, (torch.Tensor a, torch.Tensor b)) in artifact.Adapter!.Factors)
        {
            foreach ((string part, torch.Tensor tensor) in new[] { ("lora_A", a), ("lora_B", b) })
            {
                using torch.Tensor want = tensors.Read($"{name}.{PeftPrefix}{path}.{part}.weight");
                weights = Math.Max(weights, MaxDifference(tensor, want));
            }
        }

        return (loss, norm, rate, weights);
    }

    /// <summary>The adapter of <c>merged</c> loaded from disk and attached, not merged: largest difference of logits and loss, and its greedy ids.</summary>
    public (double Logits, double Loss, (IReadOnlyList<int> Actual, IReadOnlyList<int> Expected) Ids) CompareLoadedAdapter()
    {
        JsonElement merged = expected.GetProperty("merged");
        using PeftAdapter peft = PeftAdapter.Load(Path.Combine(folder, merged.GetProperty("adapter").GetString()!));
        using LoraAdapter adapter = LoraAdapter.Load(decoder, peft);
        adapter.Attach(decoder);
        try
        {
            using var noGrad = torch.no_grad();
            using var scope = torch.NewDisposeScope();
            using TokenBatch batch = BatchCollator.Collate(Batch(merged.GetProperty("batch").GetInt32()), torch.CPU);
            using torch.Tensor want = tensors.Read("merged.logits");
            var output = new ModelOutput(decoder, batch, decoder.Hidden(batch.InputIds), MethodNeeds.LogitsAt(LogitPositions.All));
            double logits = Enumerable.Range(0, batch.Lengths.Count).Max(b => MaxDifference(output.Logits[b].narrow(0, 0, batch.Lengths[b]), want[b].narrow(0, 0, batch.Lengths[b])));
            double loss = Math.Abs(output.CrossEntropy().item<float>() - merged.GetProperty("loss").GetDouble());
            int[] prompt = [.. merged.At("greedy", "input_ids")[0].EnumerateArray().Select(i => i.GetInt32())];
            int[] ids = [.. merged.At("greedy", "new_tokens")[0].EnumerateArray().Select(i => i.GetInt32())];
            GeneratedIds answer = new TokenGenerator(decoder).Generate([prompt], new GenerationOptions { MaxNewTokens = ids.Length }, [])[0];
            return (logits, loss, (answer.TokenIds, ids));
        }
        finally
        {
            LoraAdapter.Detach(decoder);
        }
    }

    /// <summary>Largest difference of W + s B A with every merged matrix that the fixture holds.</summary>
    public double CompareMergedWeights()
    {
        using PeftAdapter peft = PeftAdapter.Load(Path.Combine(folder, expected.GetProperty("merged").GetProperty("adapter").GetString()!));
        using LoraAdapter adapter = LoraAdapter.Load(decoder, peft);
        adapter.Attach(decoder);
        try
        {
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            var compared = decoder.Linears.Where(l => tensors.Names.Contains($"merged.{l.Path}.weight")).ToList();
            Assert.NotEmpty(compared);
            // The layer's map of the identity is its effective weight, transposed.
            return compared.Max(l => MaxDifference(l.Forward(torch.eye(l.Weight.shape[1])).t(), tensors.Read($"merged.{l.Path}.weight")));
        }
        finally
        {
            LoraAdapter.Detach(decoder);
        }
    }

    public void Dispose()
    {
        decoder.Dispose();
        tensors.Dispose();
    }

    private static double MaxDifference(torch.Tensor a, torch.Tensor b)
    {
        using var scope = torch.NewDisposeScope();
        Assert.Equal(a.shape, b.shape);
        return a.detach().sub(b).abs().max().item<float>();
    }

    private static string PeftName(string parameter) => $"{PeftPrefix}{parameter}.weight";

    private ModelArtifact Train(TrainingConfig config, FixtureHooks hooks, int[][] windows, IProgress<TrainingProgress>? progress = null)
    {
        using PeftAdapter start = PeftAdapter.Load(Path.Combine(folder, hooks.Start));
        using var context = new TrainingContext
        {
            Model = ModelReference.Folder("fixture"),
            Training = config,
            Lora = start.Config,
            Examples = Batch(0),
            UserStream = new GoldenBatches([.. windows.SelectMany(w => w).Select(Batch)]),
            Progress = progress,
        };
        using var loop = new TrainingLoop(context, hooks, decoder);
        return loop.Run(CancellationToken.None);
    }

    private TokenizedExample[] Batch(int index) => GoldenBatches.Rows(expected.GetProperty("batches")[index]);

    private sealed class Collector(List<TrainingProgress> seen) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => seen.Add(value);
    }

    private sealed class FixtureHooks(LoraFixture fixture, string start) : ITrainingHooks
    {
        public string Start { get; } = start;

        public Action<TrainingStep>? Ready { get; init; }

        public MethodNeeds Needs => MethodNeeds.LogitsAt(LogitPositions.All);

        public void OnTrainingStarted(TrainingContext context)
        {
            using PeftAdapter adapter = PeftAdapter.Load(Path.Combine(fixture.folder, Start));
            using var noGrad = torch.no_grad();
            foreach ((string path, (torch.Tensor a, torch.Tensor b)) in adapter.Factors)
            {
                context.Parameters[path + ".lora_A"].copy_(a);
                context.Parameters[path + ".lora_B"].copy_(b);
            }
        }

        public torch.Tensor ComputeLoss(TrainingStep step, TokenBatch batch, ModelOutput output) => output.CrossEntropy();

        public void ComputeGradients(TrainingStep step) => step.AccumulateLoss(step.Batch);

        public void OnGradientsReady(TrainingStep step) => Ready?.Invoke(step);

        public void OnOptimizerStepped(TrainingStep step)
        {
        }

        public void OnTrainingFinished(TrainingContext context)
        {
        }
    }
}
