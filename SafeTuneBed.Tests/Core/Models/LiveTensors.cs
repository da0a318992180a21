using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>Counts tensors that are alive in the process, once the collector has finished those that earlier tests dropped.</summary>
internal static class LiveTensors
{
    public static long Count()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }

    /// <summary>The count without a collection: what was dropped and not disposed since still counts.</summary>
    public static long CountDropped() => Tensor.TotalCount;
}
