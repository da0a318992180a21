using SafeTuneBed.Models;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>Many steps on a small model: living tensors and resident memory soon after the beginning and at the end.</summary>
internal static class SoakBenchmark
{
    private const int First = 500;

    public static int Run(Arguments arguments)
    {
        var results = new Results();
        Results.PrintMachine();
        int steps = arguments.Number("steps", 10_000);
        using var models = new BenchmarkModels();
        using Decoder decoder = models.Load("tiny", ScalarType.Float32);
        foreach ((string way, TrainingConfig config) in new[]
        {
            ("padded", new TrainingConfig()),
            ("packed, recomputed", new TrainingConfig { Packing = true, GradientCheckpointing = true }),
        })
        {
            Soak(results, decoder, config with { BatchSize = 4 }, way, steps);
        }

        results.WriteIfAsked(arguments);
        return 0;
    }

    private static void Soak(Results results, Decoder decoder, TrainingConfig config, string way, int steps)
    {
        // Lengths differ from batch to batch, so that blocks of many sizes are asked for.
        var rig = new TrainingRig(decoder, config, [.. TrainingRig.MixedRows(64, decoder.VocabularySize).Select(r => r with { InputIds = r.InputIds[..(r.InputIds.Length / 4)], PromptTokenCount = r.PromptTokenCount / 4 })]);
        var seen = new List<(int Step, long Tensors, long Memory)>();
        rig.Run(steps, step =>
        {
            if (step == First || step == steps)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                seen.Add((step, Tensor.TotalCount, ProcessMemory.Current));
            }
        });
        string subject = FormattableString.Invariant($"tiny f32, {steps} steps, {way}");
        results.Add("soak", subject, "living tensors at step 500", seen[0].Tensors, "");
        results.Add("soak", subject, "living tensors at the end", seen[^1].Tensors, "");
        results.Add("soak", subject, "resident memory at step 500", seen[0].Memory / 1e6, "MB");
        results.Add("soak", subject, "resident memory at the end over step 500", (double)seen[^1].Memory / seen[0].Memory);
    }
}
