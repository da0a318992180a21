using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using SafeTuneBed.Diagnostics;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>Prints figures as they come, and keeps them with what is known of the machine for one JSON file.</summary>
internal sealed class Results
{
    private readonly JsonArray figures = [];

    /// <summary>Notes a figure. Ratios travel between machines; whatever has another unit is true of this one at this moment.</summary>
    /// <param name="part">What was measured, such as <c>train</c>.</param>
    /// <param name="subject">On what, such as <c>110m, 4 x 256</c>.</param>
    /// <param name="name">What the figure is.</param>
    /// <param name="value">The figure.</param>
    /// <param name="unit">Its unit; <c>ratio</c> for one.</param>
    public void Add(string part, string subject, string name, double value, string unit = "ratio")
    {
        figures.Add(new JsonObject { ["part"] = part, ["subject"] = subject, ["name"] = name, ["value"] = double.IsFinite(value) ? value : null, ["unit"] = unit });
        Console.WriteLine(FormattableString.Invariant($"{part,-8} {subject,-34} {name,-52} {Round(value),10} {(unit == "ratio" ? "" : unit)}").TrimEnd());
    }

    /// <summary>Says what the machine is.</summary>
    public static void PrintMachine() => Console.WriteLine(Machine().ToJsonString());

    /// <summary>Writes to the file of <c>--out</c>, if there is one.</summary>
    public void WriteIfAsked(Arguments arguments)
    {
        if (arguments.Find("out") is { } file)
        {
            Write(file);
        }
    }

    /// <summary>Writes everything: <c>{ schema, machine, figures: [ { part, subject, name, value, unit } ] }</c>.</summary>
    public void Write(string file)
    {
        var all = new JsonObject { ["schema"] = "safetunebed-benchmarks-1", ["machine"] = Machine(), ["figures"] = figures.DeepClone() };
        File.WriteAllText(file, all.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        Console.WriteLine($"written to {Path.GetFullPath(file)}");
    }

    private static string Round(double value) => FormattableString.Invariant($"{(Math.Abs(value) >= 100 ? Math.Round(value) : Math.Round(value, 3)):#,0.###}");

    private static JsonObject Machine()
    {
        double gain = CapabilityProbe.BFloat16Gain(CPU);
        return new JsonObject
        {
            ["processor"] = Processor("model name"),
            ["extensions"] = new JsonArray([.. Processor("flags").Split(' ').Where(f => f is "avx2" or "avx512f" or "avx512_bf16" || f.StartsWith("amx", StringComparison.Ordinal)).Select(f => (JsonNode)f)]),
            ["processors"] = Environment.ProcessorCount,
            ["threads"] = get_num_threads(),
            ["clock"] = WorkClock.IsProcessorTime ? "processor time" : "wall",
            ["memoryBytes"] = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            ["system"] = RuntimeInformation.OSDescription,
            ["runtime"] = RuntimeInformation.FrameworkDescription,
            ["torch"] = __version__,
            ["bf16Gain"] = Math.Round(gain, 2),
            ["bf16Chosen"] = gain >= CapabilityProbe.LeastGain,
        };
    }

    private static string Processor(string key) => !OperatingSystem.IsLinux() ? ""
        : File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal)) is { } line ? line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() : "";
}
