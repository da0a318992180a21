using System.Diagnostics;
using System.Runtime.InteropServices;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using SafeTuneBed.Models.Families;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>
/// Loading a folder's weights against reading its bytes once (warm page cache, one thread), the peak of resident memory over the weights as they are held,
/// and the time of the first token.
/// </summary>
internal static class LoadBenchmark
{
    public static int Run(Arguments arguments)
    {
        string folder = arguments.Find("model") ?? throw new ArgumentException("Name the model's folder: --model <folder>.");
        DataType asked = arguments.Text("type", "auto") switch
        {
            "auto" => DataType.Auto,
            "f32" => DataType.Float32,
            "bf16" => DataType.BFloat16,
            var other => throw new ArgumentException($"--type is '{other}'; use auto, f32 or bf16."),
        };
        ScalarType type = CapabilityProbe.Choose(asked, CPU, ModelFamilies.Describe(folder).HiddenSize);
        string[] files = Directory.GetFiles(folder, "*.safetensors");
        long bytes = files.Sum(f => new FileInfo(f).Length);
        double Reading() => Seconds(() => files.ToList().ForEach(ReadAll));
        Reading(); // into the page cache
        var filling = new List<double>();
        var reading = new List<double>();
        var loading = new List<double>();
        long peak = 0, weights = 0;
        double first = 0;
        for (int i = 0; i < 3; i++)
        {
            reading.Add(Reading());
            filling.Add(Seconds(() => files.ToList().ForEach(Fill)));
            GC.Collect();
            long before = ProcessMemory.Current;
            ProcessMemory.ResetPeak();
            Decoder decoder = null!;
            loading.Add(Seconds(() => decoder = Decoder.Load(folder, type, CPU)));
            using (decoder)
            {
                peak = Math.Max(peak, ProcessMemory.Peak - before);
                weights = decoder.Linears.Sum(l => l.Weight.numel() * l.Weight.element_size()) + (2 * decoder.HeadWeight.numel() * decoder.HeadWeight.element_size());
                var generator = new TokenGenerator(decoder);
                first = Seconds(() => generator.Generate([[.. Enumerable.Range(1, 32)]], new GenerationOptions { MaxNewTokens = 1 }, [], (_, _) => { }, CancellationToken.None));
            }
        }

        Console.WriteLine($"{bytes / 1e9:N2} GB in {files.Length} files, held as {type}");
        Console.WriteLine($"reading the bytes into new memory: {Median(filling):N2} s; through one small buffer: {Median(reading):N2} s");
        Console.WriteLine($"loading: {Median(loading):N2} s, {Median(loading) / Median(filling):N2} times the first, {Median(loading) / Median(reading):N2} times the second");
        Console.WriteLine($"peak while loading: {peak / 1e9:N2} GB over {weights / 1e9:N2} GB of weights, ratio {(double)peak / weights:N2}");
        Console.WriteLine($"first token after 32 of prompt: {first:N2} s after loading");
        return 0;
    }

    private static void ReadAll(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.SequentialScan);
        byte[] buffer = new byte[4 << 20];
        while (stream.Read(buffer) > 0)
        {
        }
    }

    private static unsafe void Fill(string file)
    {
        long length = new FileInfo(file).Length;
        void* memory = NativeMemory.Alloc((nuint)length);
        using var handle = File.OpenHandle(file);
        for (long done = 0; done < length;)
        {
            done += RandomAccess.Read(handle, new Span<byte>((byte*)memory + done, (int)Math.Min(1 << 30, length - done)), done);
        }

        NativeMemory.Free(memory);
    }

    private static double Seconds(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
