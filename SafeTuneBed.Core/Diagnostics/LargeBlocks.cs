using System.Runtime.InteropServices;

namespace SafeTuneBed.Diagnostics;

/// <summary>
/// What the GNU C library does with large blocks that are freed. Given back to the system, no more is held than is in use, but every new tensor's pages are
/// found and zeroed anew: a quarter of the time of a training step of a small model. Kept, they are used again, and tensors of many sizes come to hold up to one
/// and a half times what is in use. What was kept once stays in use for large tensors, also when blocks are given back later.
/// </summary>
internal static partial class LargeBlocks
{
    /// <summary>Blocks are kept where so many times the estimate fits into the machine's memory.</summary>
    public const int Plenty = 3;

    private const string Variable = "MALLOC_MMAP_THRESHOLD_";
    private const int TrimThreshold = -1; // M_TRIM_THRESHOLD
    private const int MmapThreshold = -3; // M_MMAP_THRESHOLD
    private const int ReturnedBytes = 1 << 20;
    private const int KeptBytes = 32 << 20; // the most that the library takes
    private const int KeptEnd = 128 << 20;
    private const int UsualEnd = 128 << 10;

    /// <summary>Keeps blocks where memory is plenty for what is estimated, else gives them back.</summary>
    /// <param name="estimate">Bytes in use at the peak.</param>
    public static void Choose(long estimate)
    {
        if (estimate <= GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Plenty)
        {
            Keep();
        }
        else
        {
            Return();
        }
    }

    /// <summary>Blocks of 1 MB and more go back when they are freed, and what was kept goes back now. So it is from the start.</summary>
    public static void Return() => Set(ReturnedBytes, UsualEnd, trim: true);

    /// <summary>Blocks of less than 32 MB are kept for the next tensors.</summary>
    public static void Keep() => Set(KeptBytes, KeptEnd, trim: false);

    // Whoever set the library's own environment variable keeps it.
    private static void Set(int threshold, int end, bool trim)
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(Variable) is { Length: > 0 })
        {
            return;
        }

        try
        {
            _ = SetOption(MmapThreshold, threshold);
            _ = SetOption(TrimThreshold, end);
            if (trim)
            {
                _ = Trim(0);
            }
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // another C library: its allocator has its own ways
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int parameter, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint end);
}
