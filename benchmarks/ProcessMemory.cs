using System.Diagnostics;
using System.Globalization;

namespace SafeTuneBed.Benchmarks;

/// <summary>What the operating system counts for this process, in bytes.</summary>
internal static class ProcessMemory
{
    /// <summary>The most that was resident since the process began, or since <see cref="ResetPeak"/> where the system allows it.</summary>
    public static long Peak
    {
        get
        {
            if (OperatingSystem.IsLinux())
            {
                string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
                return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) << 10;
            }

            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }
    }

    /// <summary>Resident now.</summary>
    public static long Current
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.WorkingSet64;
        }
    }

    /// <summary>Linux begins to count the peak anew; elsewhere it stays that of the whole process.</summary>
    public static void ResetPeak()
    {
        if (OperatingSystem.IsLinux())
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
    }
}
