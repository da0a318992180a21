using Microsoft.Win32.SafeHandles;
using SafeTuneBed.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed;

/// <summary>Copies a tensor's bytes from a file into memory that torch owns.</summary>
internal static class SafetensorsBytes
{
    // Small enough to stay in the cache between reading and converting.
    private const long ChunkBytes = 1 << 20;

    // A span has at most 2 GB.
    private const long PieceBytes = 1 << 30;

    /// <summary>Reads <paramref name="entry"/> into a contiguous tensor of the same number of elements.</summary>
    /// <exception cref="ModelFormatException">The file ends early: it was changed after its header was read.</exception>
    public static void Read(string path, SafetensorsEntry entry, Tensor target)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan);
        if (target.device_type == DeviceType.CPU && target.dtype == entry.DataType)
        {
            Fill(file, path, entry.Offset, target, entry.ByteCount);
            return;
        }

        int size = SafetensorsEntry.ElementSize(entry.DataType);
        long count = entry.ByteCount / size, step = Math.Min(count, (target.device_type == DeviceType.CPU ? ChunkBytes : 16 * ChunkBytes) / size);
        using var scope = NewDisposeScope();
        using Tensor scratch = empty([step], entry.DataType);
        using Tensor flat = target.view(-1);
        if (target.device_type == DeviceType.CPU)
        {
            foreach (Tensor piece in Pieces(flat, count))
            {
                HugePages.Advise(piece.bytes);
            }
        }

        for (long done = 0; done < count; done += step)
        {
            long part = Math.Min(step, count - done);
            Fill(file, path, entry.Offset + (done * size), scratch, part * size);
            using Tensor from = scratch.narrow(0, 0, part);
            using Tensor to = flat.narrow(0, done, part);
            to.copy_(from);
        }
    }

    private static void Fill(SafeFileHandle file, string path, long offset, Tensor target, long bytes)
    {
        using Tensor flat = target.view(-1);
        foreach (Tensor piece in Pieces(flat, bytes / target.element_size()))
        {
            Span<byte> memory = piece.bytes;
            HugePages.Advise(memory);
            for (int done = 0; done < memory.Length;)
            {
                int read = RandomAccess.Read(file, memory[done..], offset + done);
                if (read == 0)
                {
                    throw new ModelFormatException(path, "the file ends before a tensor does: it was changed while it was read.");
                }

                done += read;
            }

            offset += memory.Length;
        }
    }

    // Views of the first numbers that a span can hold each; valid one at a time.
    private static IEnumerable<Tensor> Pieces(Tensor flat, long count)
    {
        long step = PieceBytes / flat.element_size();
        for (long start = 0; start < count; start += step)
        {
            using Tensor piece = flat.narrow(0, start, Math.Min(step, count - start));
            yield return piece;
        }
    }
}
