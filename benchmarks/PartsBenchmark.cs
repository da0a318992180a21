using SafeTuneBed.Models;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>Where the time of a LoRA step goes: each part by itself, forwards and backwards, times its number in the model, as a share of the whole step.</summary>
internal sealed class PartsBenchmark(Results results, Decoder decoder, int batch, int length, int repeats)
{
    private readonly DecoderOptions o = decoder.Options;

    public static int Run(Arguments arguments)
    {
        var results = new Results();
        Results.PrintMachine();
        using var models = new BenchmarkModels();
        string model = arguments.Text("size", "25m");
        ScalarType type = arguments.Type() ?? ScalarType.Float32;
        using Decoder decoder = models.Load(model, type);
        new PartsBenchmark(results, decoder, arguments.Number("batch", 4), arguments.Number("length", 256), arguments.Number("repeats", 5)).Run(model);
        return 0;
    }

    public void Run(string model)
    {
        using var scope = NewDisposeScope();
        long n = (long)batch * length;
        var parts = new List<(string Name, int Count, Func<double> Measure)>();
        Tensor wide = Leaf(batch, length, o.HiddenSize);
        LinearLayer[] block = [.. decoder.Linears.Take(decoder.Linears.Count / o.LayerCount)];
        foreach (LinearLayer layer in block)
        {
            Tensor x = randn([n, layer.Weight.size(1)]).to(decoder.ComputeType), g = randn([n, layer.Weight.size(0)]).to(decoder.ComputeType);
            parts.Add(($"products {layer.Path[(layer.Path.LastIndexOf('.') + 1)..]}", o.LayerCount, () => Plain(() =>
            {
                x.mm(layer.Weight.t());
                g.mm(layer.Weight);
            })));
        }

        Tensor norm = ones(o.HiddenSize, decoder.ComputeType);
        parts.Add(("norm", (2 * o.LayerCount) + 1, () => Graph(() => RmsNorm.Apply(wide, norm, 1e-5, o.NormWeighting))));
        Tensor residual = randn([batch, length, o.HiddenSize]).to(decoder.ComputeType);
        parts.Add(("residual", 2 * o.LayerCount, () => Graph(() => wide.add(residual, 1))));
        Tensor q = Leaf(batch, length, o.HeadCount, o.HeadSize), k = Leaf(batch, length, o.KeyValueHeadCount, o.HeadSize), v = Leaf(batch, length, o.KeyValueHeadCount, o.HeadSize);
        using var rotary = new RotaryPositions(o, decoder.ComputeType, CPU);
        RotaryAngles angles = rotary.Range(0, length);
        parts.Add(("rope q and k", o.LayerCount, () => Graph(() => Rope.Apply(q, angles.Cos, angles.Sin), () => Rope.Apply(k, angles.Cos, angles.Sin))));
        var context = new AttentionContext(o, angles, AttentionMasks.Of(o, length, null, CPU), null);
        parts.Add(("attention", o.LayerCount, () => Graph(() => context.Attend(0, q, k, v))));
        Tensor gate = Leaf(batch, length, o.IntermediateSize), up = Leaf(batch, length, o.IntermediateSize);
        parts.Add(("gated activation", o.LayerCount, () => Graph(() => SwiGlu.Apply(gate, up))));
        foreach (LinearLayer layer in block.Where(l => l.Path.EndsWith("q_proj", StringComparison.Ordinal) || l.Path.EndsWith("v_proj", StringComparison.Ordinal)))
        {
            Tensor a = randn([8, layer.Weight.size(1)]).requires_grad_(true), b = randn([layer.Weight.size(0), 8]).requires_grad_(true);
            using var stream = new DropoutStream(0.1, new SeedTree(1), CPU);
            var factors = new LoraWeights(a, b, 0.5) { DropoutMask = stream.Draw };
            parts.Add(($"adapter {layer.Path[(layer.Path.LastIndexOf('.') + 1)..]}, product included", o.LayerCount, () => Graph(() => factors.Forward(wide, layer.Weight, null))));
            parts.Add(($"dropout mask {layer.Path[(layer.Path.LastIndexOf('.') + 1)..]}", o.LayerCount, () => Plain(() => stream.Draw([n, layer.Weight.size(1)]).Dispose())));
        }

        long labels = n / 2;
        Tensor hidden = Leaf(labels, o.HiddenSize), targets = randint(0, o.VocabularySize, [labels], ScalarType.Int64);
        parts.Add(("loss", 1, () => Graph(() => ChunkedCrossEntropy.Losses(hidden, decoder.HeadWeight, targets).sum())));
        var rig = new TrainingRig(decoder, new TrainingConfig { BatchSize = batch }, TrainingRig.EqualRows(2 * batch, length, decoder.VocabularySize));
        double[] seconds = Interleaved.Medians(repeats, [() => rig.StepSeconds(1), .. parts.Select(p => p.Measure)]);
        string subject = $"{model}, {batch} x {length}";
        results.Add("parts", subject, "a step", seconds[0], "s");
        double sum = 0;
        for (int i = 0; i < parts.Count; i++)
        {
            double share = seconds[i + 1] * parts[i].Count / seconds[0];
            sum += parts[i].Name.Contains("included", StringComparison.Ordinal) || parts[i].Name.StartsWith("dropout", StringComparison.Ordinal) ? 0 : share;
            results.Add("parts", subject, parts[i].Name + ", share of the step", share);
        }

        results.Add("parts", subject, "sum without adapters, share of the step", sum);
    }

    private Tensor Leaf(params long[] shape) => randn(shape).to(decoder.ComputeType).requires_grad_(true);

    private static double Plain(Action work)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return WorkClock.Time(work);
    }

    private static double Graph(params Func<Tensor>[] forwards)
    {
        double seconds = 0;
        foreach (Func<Tensor> forward in forwards)
        {
            using var scope = NewDisposeScope();
            Tensor y = null!;
            seconds += WorkClock.Time(() => y = forward());
            Tensor gradient = ones_like(y);
            seconds += WorkClock.Time(() => autograd.backward([y], [gradient]));
        }

        return seconds;
    }
}
