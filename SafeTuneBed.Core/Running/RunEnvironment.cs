using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>What a run was made with and on; recorded, never part of a fingerprint.</summary>
internal static class RunEnvironment
{
    public static JsonObject Describe() => new()
    {
        ["safeTuneBed"] = VersionOf(typeof(RunEnvironment).Assembly),
        ["torchSharp"] = VersionOf(typeof(TorchSharp.torch).Assembly), // typeof does not run torch's static constructor
        ["torchLoadedFrom"] = Diagnostics.TorchRuntime.LoadedFrom,
        ["dotnet"] = RuntimeInformation.FrameworkDescription,
        ["os"] = RuntimeInformation.OSDescription,
        ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
        ["processor"] = Processor(),
        ["processors"] = Environment.ProcessorCount,
        ["avx2"] = Avx2.IsSupported,
        ["avx512"] = Avx512F.IsSupported,
    };

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "unknown";

    private static string Processor()
    {
        const string linux = "/proc/cpuinfo";
        try
        {
            if (File.Exists(linux) && File.ReadLines(linux).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) is { } line)
            {
                return line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }

        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
