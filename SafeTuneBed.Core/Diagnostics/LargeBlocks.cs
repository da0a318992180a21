using System.Runtime.InteropServices;

namespace SafeTuneBed.Diagnostics;

/// <summary>
/// Has the GNU C library give large blocks back to the system when they are freed. By itself it soon keeps them, and a training's tensors of many sizes then
/// come to hold up to three times what is in use.
/// </summary>
internal static partial class LargeBlocks
{
    private const string Variable = "MALLOC_MMAP_THRESHOLD_";
    private const int MmapThreshold = -3; // M_MMAP_THRESHOLD
    private const int LargeBytes = 1 << 20;

    /// <summary>Once, before torch allocates. Whoever set the library's own environment variable keeps it.</summary>
    public static void ReturnWhenFreed()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(Variable) is { Length: > 0 })
        {
            return;
        }

        try
        {
            _ = SetOption(MmapThreshold, LargeBytes);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // another C library: its allocator has its own ways
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int parameter, int value);
}
