using System.Diagnostics;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using SafeTuneBed.Models.Families;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>Greedy decoding at several batch sizes, prompts of 32 tokens, as tokens a second and over batch 1; medians of interleaved repeats.</summary>
internal static class DecodeBenchmark
{
    private static readonly int[] Batches = [1, 8, 32];

    public static int Run(Arguments arguments)
    {
        string folder = arguments.Find("model") ?? throw new ArgumentException("Name the model's folder: --model <folder>.");
        int tokens = arguments.Number("tokens", 64), repeats = arguments.Number("repeats", 3);
        ScalarType type = CapabilityProbe.Choose(DataType.Auto, CPU, ModelFamilies.Describe(folder).HiddenSize);
        using var decoder = Decoder.Load(folder, type, CPU);
        var generator = new TokenGenerator(decoder);
        var speeds = Batches.ToDictionary(b => b, _ => new List<double>());
        for (int i = 0; i <= repeats; i++)
        {
            foreach (int batch in Batches)
            {
                // Prompts that share nothing, so that no prefix is computed once for all.
                int[][] prompts = [.. Enumerable.Range(0, batch).Select(row => Enumerable.Range(0, 32).Select(p => 1 + (((row * 37) + (p * 11) + (row * p)) % 200)).ToArray())];
                long start = Stopwatch.GetTimestamp();
                generator.Generate(prompts, new GenerationOptions { MaxNewTokens = tokens, BatchSize = batch }, [], (_, _) => { }, CancellationToken.None);
                double speed = batch * tokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (i > 0) // the first round warms up
                {
                    speeds[batch].Add(speed);
                }
            }
        }

        double one = Median(speeds[1]);
        foreach (int batch in Batches)
        {
            Console.WriteLine($"batch {batch,2}, {type}: {Median(speeds[batch]):N0} tokens/s, {Median(speeds[batch]) / one:N1} times batch 1");
        }

        return 0;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
