using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>Every hot path in one run, as ratios, and one file with all of them.</summary>
internal static class AllBenchmark
{
    public static int Run(Arguments arguments)
    {
        var results = new Results();
        Results.PrintMachine();
        using var models = new BenchmarkModels();
        int repeats = arguments.Number("repeats", 3);
        string[] sizes = arguments.Text("size", "sandbox,25m,110m").Split(',');
        bool half = CapabilityProbe.BFloat16Gain(CPU) >= CapabilityProbe.LeastGain;
        string main = sizes.Contains("25m") ? "25m" : sizes[0];
        var train = new TrainBenchmark(results, models, repeats);
        train.Blocks(main, 4, 256);
        LargeBlocks.Keep(); // as a run does where memory is plenty
        foreach (string size in sizes)
        {
            train.Step(size, ScalarType.Float32, 4, 256);
            if (half && size != "sandbox")
            {
                train.Step(size, ScalarType.BFloat16, 4, 256);
            }
        }

        train.Recomputation(main, 4, 256);
        if (RandomModel.Sizes.ContainsKey(main))
        {
            train.MixedLengths(main);
        }

        train.Growth(main);
        foreach (string size in sizes)
        {
            using Decoder decoder = models.Load(size, ScalarType.Float32);
            var decode = new DecodeBenchmark(results, size, decoder, repeats);
            decode.ByBatch(32);
            if (size == main)
            {
                decode.MixedLengths(64);
                decode.SharedBeginnings();
                if (decoder.Options.ContextLength >= ChoiceBenchmark.Tokens)
                {
                    new ChoiceBenchmark(results, size, decoder, repeats).Score(4);
                }
            }
        }

        LoadBenchmark.Run(arguments, results, models.Folder(sizes[^1]));
        results.Write(arguments.Text("out", "benchmarks.json"));
        return 0;
    }
}
