using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>One LoRA step: against the ceiling of this machine, against the plain way, and how its cost grows.</summary>
internal sealed class TrainBenchmark(Results results, BenchmarkModels models, int repeats, bool plain = true)
{
    private const int StepsAtATime = 2;

    private bool ComparesWithPlain => plain;

    public static int Run(Arguments arguments)
    {
        var results = new Results();
        Results.PrintMachine();
        using var models = new BenchmarkModels();
        var benchmark = new TrainBenchmark(results, models, arguments.Number("repeats", 5), arguments.Text("plain", "yes") == "yes");
        ScalarType type = arguments.Type() ?? ScalarType.Float32;
        string[] sizes = arguments.Text("size", "sandbox,25m,110m").Split(',');
        benchmark.Blocks(sizes[^1], 4, 256);
        foreach (string size in sizes)
        {
            benchmark.Step(size, type, 4, 256);
            if (type == ScalarType.Float32 && size != "sandbox")
            {
                benchmark.Recomputation(size, 4, 256);
            }

            if (type == ScalarType.Float32 && size == "25m" && benchmark.ComparesWithPlain)
            {
                benchmark.MixedLengths(size);
                benchmark.Growth(size);
            }
        }

        results.WriteIfAsked(arguments);
        return 0;
    }

    /// <summary>Rows of one length against the ceiling and, where the model is one of ours, against the plain way.</summary>
    public void Step(string model, ScalarType type, int batch, int length)
    {
        using Decoder decoder = models.Load(model, type);
        string subject = $"{model} {Name(type)}, {batch} x {length}";
        var rig = Rig(decoder, batch, length);
        using NaiveStep? naive = plain && RandomModel.Sizes.GetValueOrDefault(model) is { } size ? new NaiveStep(size, type, TrainingRig.EqualRows(batch, length, size.Vocabulary)) : null;
        Ceiling ceiling = Ceiling.Measure(decoder, (long)batch * length);
        double[] seconds = Interleaved.Medians(repeats, () => rig.StepSeconds(StepsAtATime), () => naive?.Seconds(StepsAtATime) ?? 0);
        results.Add("train", subject, "seconds a step", seconds[0], "s");
        results.Add("train", subject, "tokens a second", batch * length / seconds[0], "1/s");
        results.Add("train", subject, "ceiling: " + ceiling.Shape, ceiling.Flops / 1e9, "GFLOP/s");
        results.Add("train", subject, "model FLOPs over the ceiling", Flops(decoder.Options, batch, length, batch * (length - (length / 2))) / seconds[0] / ceiling.Flops);
        if (naive is not null)
        {
            results.Add("train", subject, "speed over the plain way", seconds[1] / seconds[0]);
        }
    }

    /// <summary>Real tokens a second on rows of mixed length: the plain way, padded batches as they come, batches of similar length.</summary>
    public void MixedLengths(string model)
    {
        RandomModel.Size size = RandomModel.Sizes[model];
        using Decoder decoder = models.Load(model, ScalarType.Float32);
        IReadOnlyList<TokenizedExample> rows = TrainingRig.MixedRows(64, size.Vocabulary);
        double tokens = rows.Sum(r => r.InputIds.Length);
        using var naive = new NaiveStep(size, ScalarType.Float32, rows, 8);
        var config = new TrainingConfig { BatchSize = 8 };
        double[] speeds = Interleaved.Medians(
            repeats,
            () => tokens / naive.Seconds(rows.Count / 8, sum: true),
            () => Speed(config),
            () => Speed(config with { GroupByLength = true }),
            () => Speed(config with { Packing = true }));
        string subject = $"{model} f32, batch 8, mixed lengths";
        results.Add("train", subject, "real tokens a second, padded", speeds[1], "1/s");
        results.Add("train", subject, "padded over the plain way", speeds[1] / speeds[0]);
        results.Add("train", subject, "grouped by length over padded", speeds[2] / speeds[1]);
        results.Add("train", subject, "packed over padded", speeds[3] / speeds[1]);
        results.Add("train", subject, "grouped by length over the plain way", speeds[2] / speeds[0]);
        results.Add("train", subject, "packed over the plain way", speeds[3] / speeds[0]);

        // Whole epochs, so that every row counts once whatever the order.
        double Speed(TrainingConfig way) => tokens / new TrainingRig(decoder, way, rows).EpochSeconds();
    }

    /// <summary>What computing blocks again costs and saves.</summary>
    public void Recomputation(string model, int batch, int length)
    {
        using Decoder decoder = models.Load(model, ScalarType.Float32);
        TrainingRig plainRig = Rig(decoder, batch, length), again = new(decoder, new TrainingConfig { BatchSize = batch, GradientCheckpointing = true }, TrainingRig.EqualRows(2 * batch, length, decoder.VocabularySize));
        double[] seconds = Interleaved.Medians(repeats, () => plainRig.StepSeconds(1), () => again.StepSeconds(1));
        string subject = $"{model} f32, {batch} x {length}";
        long[] peaks = [.. new[] { again, plainRig }.Select(Peak)];
        results.Add("memory", subject, "GradientCheckpointing: time of a step over plain", seconds[1] / seconds[0]);
        results.Add("memory", subject, "GradientCheckpointing: peak over rest, over plain", (double)peaks[0] / peaks[1]);
        results.Add("memory", subject, "plain: peak over rest", peaks[1] / 1e6, "MB");

        // Blocks are given back meanwhile, so that the peak is what is in use.
        static long Peak(TrainingRig rig)
        {
            LargeBlocks.Return();
            GC.Collect();
            long before = ProcessMemory.Current;
            ProcessMemory.ResetPeak();
            rig.StepSeconds(1);
            long peak = ProcessMemory.Peak - before;
            LargeBlocks.Keep();
            return peak;
        }
    }

    /// <summary>
    /// What it costs to give large blocks back to the system, and what it costs not to. It must come before anything else: what was kept once stays in use, so the two can't
    /// be measured by turns.
    /// </summary>
    public void Blocks(string model, int batch, int length)
    {
        using Decoder decoder = models.Load(model, ScalarType.Float32);
        TrainingRig rig = Rig(decoder, batch, length);
        (double Seconds, long Peak) returned = Measure(LargeBlocks.Return), kept = Measure(LargeBlocks.Keep);
        string subject = $"{model} f32, {batch} x {length}";
        results.Add("blocks", subject, "given back: time of a step over kept", returned.Seconds / kept.Seconds);
        results.Add("blocks", subject, "kept: resident at the peak over given back", (double)kept.Peak / returned.Peak);

        (double Seconds, long Peak) Measure(Action set)
        {
            set();
            ProcessMemory.ResetPeak();
            return (Interleaved.Medians(repeats, () => rig.StepSeconds(1))[0], ProcessMemory.Peak);
        }
    }

    /// <summary>How a step's cost grows with length, batch and size, as ratios to 4 x 256 of the first size.</summary>
    public void Growth(string model)
    {
        using Decoder decoder = models.Load(model, ScalarType.Float32);
        (int Batch, int Length)[] shapes = [(4, 256), (4, 64), (4, 128), (4, 512), (4, 1024), (1, 256), (2, 256), (8, 256), (16, 256)];
        double[] seconds = Interleaved.Medians(Math.Max(2, repeats / 2), [.. shapes.Select(s => (Func<double>)(() => Rig(decoder, s.Batch, s.Length).StepSeconds(1)))]);
        for (int i = 0; i < shapes.Length; i++)
        {
            double tokens = (double)shapes[i].Batch * shapes[i].Length / (shapes[0].Batch * shapes[0].Length);
            results.Add("growth", $"{model} f32, {shapes[i].Batch} x {shapes[i].Length}", "time of a step over that of 4 x 256", seconds[i] / seconds[0]);
            results.Add("growth", $"{model} f32, {shapes[i].Batch} x {shapes[i].Length}", "time of a token over that of 4 x 256", seconds[i] / seconds[0] / tokens);
        }
    }

    private static TrainingRig Rig(Decoder decoder, int batch, int length) =>
        new(decoder, new TrainingConfig { BatchSize = batch }, TrainingRig.EqualRows(2 * batch, length, decoder.VocabularySize));

    private static string Name(ScalarType type) => type == ScalarType.Float32 ? "f32" : "bf16";

    // Frozen weights take part in the forward product and in the one that gives their input's gradient. Causal attention needs half of its squares. The head works where labels are.
    private static double Flops(DecoderOptions o, int rows, int length, int labels)
    {
        double perToken = WeightLayout.Linears(o).Sum(l => (double)l.Out * l.In) * o.LayerCount;
        double attention = 6.0 * length * length * o.HeadCount * o.HeadSize * o.LayerCount;
        return (4 * perToken * rows * length) + (attention * rows) + (4.0 * o.HiddenSize * o.VocabularySize * labels);
    }

    /// <summary>The plain way over the same rows, padded to the longest of their batch.</summary>
    private sealed class NaiveStep : IDisposable
    {
        private readonly NaiveLlama model;
        private readonly optim.Optimizer optimizer;
        private readonly IReadOnlyList<Parameter> trainable;
        private readonly List<TokenBatch> batches;
        private int next;

        public NaiveStep(RandomModel.Size size, ScalarType type, IReadOnlyList<TokenizedExample> rows, int batch = int.MaxValue)
        {
            var lora = new LoraConfig();
            model = new NaiveLlama(size, lora.Rank, lora.Alpha, lora.Dropout);
            if (type != ScalarType.Float32)
            {
                _ = model.to(type);
            }

            model.train();
            trainable = [.. model.parameters().Where(p => p.requires_grad)];
            optimizer = optim.AdamW(trainable, 2e-4);
            batches = [.. rows.Chunk(batch).Select(b => Training.BatchCollator.Collate(b, CPU))];
        }

        /// <summary>Median seconds of so many steps, or their sum.</summary>
        public double Seconds(int steps, bool sum = false)
        {
            var seconds = new List<double>();
            for (int i = 0; i < steps; i++)
            {
                TokenBatch batch = batches[next++ % batches.Count];
                seconds.Add(WorkClock.Time(() => model.Step(batch.InputIds, batch.Labels, optimizer, trainable)));
            }

            return sum ? seconds.Sum() : Interleaved.Median(seconds);
        }

        public void Dispose()
        {
            batches.ForEach(b => b.Dispose());
            optimizer.Dispose();
            model.Dispose();
        }
    }
}
