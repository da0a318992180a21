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
        var results = new Results();
        Run(arguments, results, arguments.Find("model") ?? throw new ArgumentException("Name the model's folder: --model <folder>."));
        results.WriteIfAsked(arguments);
        return 0;
    }

    public static void Run(Arguments arguments, Results results, string folder)
    {
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
        double Reading() => WorkClock.Time(() => files.ToList().ForEach(ReadAll));
        Reading(); // into the page cache
        var filling = new List<double>();
        var reading = new List<double>();
        var loading = new List<double>();
        long peak = 0, weights = 0;
        double first = 0;
        for (int i = 0; i < 3; i++)
        {
            reading.Add(Reading());
            filling.Add(WorkClock.Time(() => files.ToList().ForEach(Fill)));
            GC.Collect();
            long before = ProcessMemory.Current;
            ProcessMemory.ResetPeak();
            Decoder decoder = null!;
            loading.Add(WorkClock.Time(() => decoder = Decoder.Load(folder, type, CPU)));
            using (decoder)
            {
                peak = Math.Max(peak, ProcessMemory.Peak - before);
                weights = decoder.Linears.Sum(l => l.Weight.numel() * l.Weight.element_size()) + (2 * decoder.HeadWeight.numel() * decoder.HeadWeight.element_size());
                var generator = new TokenGenerator(decoder);
                first = WorkClock.Time(() => generator.Generate([[.. Enumerable.Range(1, 32)]], new GenerationOptions { MaxNewTokens = 1 }, [], (_, _) => { }, CancellationToken.None));
            }
        }

        string subject = FormattableString.Invariant($"{bytes / 1e9:N2} GB, held as {type}");
        results.Add("load", subject, "reading the bytes into new memory", Interleaved.Median(filling), "s");
        results.Add("load", subject, "loading over that", Interleaved.Median(loading) / Interleaved.Median(filling));
        results.Add("load", subject, "loading over reading through one small buffer", Interleaved.Median(loading) / Interleaved.Median(reading));
        results.Add("load", subject, "peak while loading over the weights", (double)peak / weights);
        results.Add("load", subject, "first token after 32 of prompt", first, "s");
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

}
