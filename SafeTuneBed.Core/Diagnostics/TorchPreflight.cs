using System.Reflection;
using System.Runtime.InteropServices;

namespace SafeTuneBed.Diagnostics;

/// <summary>What was found of torch's native half.</summary>
internal sealed record TorchFindings
{
    /// <summary>Why the folder named by the environment variable could not be used.</summary>
    public string? DirectoryFault { get; init; }

    /// <summary>Whether TorchSharp's own native library was loaded.</summary>
    public bool IsLoaded { get; init; }

    /// <summary>The libtorch file that was found; null when there is none.</summary>
    public string? LibTorchPath { get; init; }

    /// <summary>What the operating system's loader said.</summary>
    public string? LoaderMessage { get; init; }

    /// <summary>Major and minor version of the libtorch in the process; null where it does not tell.</summary>
    public Version? LibTorchVersion { get; init; }
}

/// <summary>
/// Looks whether torch's native half loads, before anything touches <see cref="TorchSharp.torch"/>: its static constructor would otherwise copy
/// half a gigabyte into the output folder while guessing, and then blame the wrong thing.
/// </summary>
internal static unsafe class TorchPreflight
{
    /// <summary>The libtorch that this TorchSharp was built against.</summary>
    public const string NeededVersion = "2.10.0";

    private static readonly Lock Gate = new();
    private static bool passed;

    /// <summary>Returns at once when torch is usable; asks the operating system the first time only.</summary>
    /// <exception cref="ConfigurationException">It is not; one paragraph says why and what to do.</exception>
    public static void Check()
    {
        lock (Gate)
        {
            if (passed)
            {
                return;
            }

            TorchRuntime.Initialize();
            if (Explain(Look()) is { } fault)
            {
                throw new ConfigurationException(fault);
            }

            passed = true;
        }
    }

    /// <summary>One sentence when an environment variable was set that this operating system does not read; null otherwise.</summary>
    public static string? FindIgnoredVariable() =>
        FindIgnoredVariable(Environment.GetEnvironmentVariable(TorchRuntime.LibTorchDirectoryVariable), OperatingSystem.IsLinux());

    /// <inheritdoc cref="FindIgnoredVariable()"/>
    public static string? FindIgnoredVariable(string? directory, bool isLinux) => isLinux || string.IsNullOrEmpty(directory)
        ? null
        : $"{TorchRuntime.LibTorchDirectoryVariable} is set to {directory}, but it is read on Linux only: here the application's own libtorch is used. Unset it, or {AddPackage}.";

    /// <summary>One paragraph about what is wrong, or null when nothing is.</summary>
    public static string? Explain(TorchFindings found)
    {
        string variable = TorchRuntime.LibTorchDirectoryVariable;
        if (found.DirectoryFault is { } directoryFault)
        {
            return $"The folder that {variable} names can't be used as libtorch: {directoryFault} Point it to the lib folder of a PyTorch {NeededVersion} or libtorch {NeededVersion}, or unset it and {AddPackage}.";
        }

        if (!found.IsLoaded)
        {
            return found.LibTorchPath is null
                ? $"No native torch back end is referenced: TorchSharp needs libtorch {NeededVersion}, and no {FileName} lies where this application looks for native libraries. To mend it, {AddPackage}."
                : $"libtorch was found at {found.LibTorchPath}, but torch's native library can't be loaded: {found.LoaderMessage ?? "the loader gives no reason."} It must be libtorch {NeededVersion} with everything it depends on; {AddPackage}.";
        }

        var needed = Version.Parse(NeededVersion);
        return found.LibTorchVersion is { } version && (version.Major, version.Minor) != (needed.Major, needed.Minor)
            ? $"The libtorch in this process{(found.LibTorchPath is null ? "" : $" ({found.LibTorchPath})")} is version {version}, but TorchSharp was built against {NeededVersion}; mixing them gives wrong results or ends the process. Point {variable} to a libtorch {NeededVersion}, or unset it and {AddPackage}."
            : null;
    }

    private static string FileName => OperatingSystem.IsWindows() ? "torch_cpu.dll" : OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib" : "libtorch_cpu.so";

    private static string AddPackage => OperatingSystem.IsWindows()
        ? $"add one line to the application: dotnet add package libtorch-cpu-win-x64 --version {NeededVersion} (or TorchSharp-cuda-windows for an NVIDIA card)"
        : OperatingSystem.IsMacOS()
            ? $"add one line to the application: dotnet add package libtorch-cpu-osx-arm64 --version {NeededVersion}"
            : $"add one line to the application: dotnet add package libtorch-cpu-linux-x64 --version {NeededVersion} (or TorchSharp-cuda-linux for an NVIDIA card)";

    private static TorchFindings Look()
    {
        if (TorchRuntime.DirectoryFault is { } fault)
        {
            return new TorchFindings { DirectoryFault = fault };
        }

        Assembly torchSharp = typeof(TorchSharp.torch).Assembly; // typeof does not run torch's static constructor
        string[] directories = [.. TorchRuntime.Directories(torchSharp)];
        string? libTorch = directories.Select(d => Path.Combine(d, FileName)).FirstOrDefault(File.Exists);
        string? said = null;
        try
        {
            NativeLibrary.Load("LibTorchSharp", torchSharp, null);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            said = Reason(libTorch, e);
        }

        return new TorchFindings { IsLoaded = said is null, LibTorchPath = libTorch, LoaderMessage = said, LibTorchVersion = said is null ? VersionInProcess() : null };
    }

    // The runtime's own message lists every name it tried; what the loader says about the file itself is the cause.
    private static string Reason(string? libTorch, Exception general)
    {
        if (libTorch is not null)
        {
            try
            {
                NativeLibrary.Load(libTorch);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                return LoaderSays(e);
            }
        }

        return LoaderSays(general);
    }

    /// <summary>The loader's own words, without the runtime's advice about tracing tools before them.</summary>
    internal static string LoaderSays(Exception exception)
    {
        string[] lines = [.. exception.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct()];
        string said = string.Join("; ", lines.Length > 1 ? lines[1..] : lines);
        return said.EndsWith('.') ? said : said + ".";
    }

    // libtorch 2.9 and later tell the version of their stable interface: 2.10.0 is 0x020A0000_00000000.
    private static Version? VersionInProcess()
    {
        if (!NativeLibrary.TryLoad(FileName, out nint library) || !NativeLibrary.TryGetExport(library, "aoti_torch_abi_version", out nint function))
        {
            return null;
        }

        ulong version = ((delegate* unmanaged<ulong>)function)();
        return new Version((int)(version >> 56), (int)(version >> 48 & 0xFF));
    }
}
