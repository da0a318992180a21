using System.Diagnostics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>
/// Time that work takes. On one thread (<c>--threads 1</c>) it is the processor time of the calling thread, which does not count the time that other programs take:
/// on a shared machine nothing else can be compared. On several threads it is the time of the wall.
/// </summary>
internal static partial class WorkClock
{
    private const int ThreadProcessorTime = 3; // CLOCK_THREAD_CPUTIME_ID

    /// <summary>Whether other programs' time is left out.</summary>
    public static bool IsProcessorTime { get; } = OperatingSystem.IsLinux() && get_num_threads() == 1;

    /// <summary>Seconds since some moment; only differences mean anything.</summary>
    public static double Now
    {
        get
        {
            if (!IsProcessorTime || GetTime(ThreadProcessorTime, out TimeSpec time) != 0)
            {
                return (double)Stopwatch.GetTimestamp() / Stopwatch.Frequency;
            }

            return time.Seconds + (time.Nanoseconds * 1e-9);
        }
    }

    /// <summary>Seconds of a piece of work.</summary>
    public static double Time(Action work)
    {
        double start = Now;
        work();
        return Now - start;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
