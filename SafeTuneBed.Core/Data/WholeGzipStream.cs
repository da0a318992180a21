using System.Buffers.Binary;
using System.IO.Compression;

namespace SafeTuneBed.Data;

/// <summary>
/// Unpacks gzip and, at the end, makes sure that it was the end. <see cref="GZipStream"/> takes a file that was cut off for a shorter one, so that
/// half a download would silently be a smaller corpus.
/// </summary>
internal sealed class WholeGzipStream(FileStream file) : ForwardOnlyStream
{
    private const int TrailerBytes = 8;

    private readonly GZipStream unpacked = new(file, CompressionMode.Decompress, leaveOpen: true);
    private long total;
    private bool isChecked;

    public override int Read(Span<byte> buffer)
    {
        int read = unpacked.Read(buffer);
        total += read;
        if (read == 0 && buffer.Length > 0 && !isChecked)
        {
            CheckEnd();
            isChecked = true;
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            unpacked.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The last eight bytes must be checksum and length of the last member, which is the whole file nearly always.</summary>
    private void CheckEnd()
    {
        byte[] trailer = new byte[TrailerBytes];
        if (file.Length < TrailerBytes)
        {
            throw new InvalidDataException("The gzip data has no trailer.");
        }

        file.Position = file.Length - TrailerBytes;
        file.ReadExactly(trailer);
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(trailer);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(trailer.AsSpan(4));
        bool isOneMember = length == (uint)total;
        if (!isOneMember && (length > total || ChecksumOfLast(length) != checksum))
        {
            throw new InvalidDataException("The gzip data ends before its end.");
        }
    }

    private uint ChecksumOfLast(uint length)
    {
        file.Position = 0;
        using var again = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
        byte[] buffer = new byte[1 << 16];
        long position = 0, first = total - length;
        uint checksum = uint.MaxValue;
        for (int read; (read = again.Read(buffer)) > 0; position += read)
        {
            for (int i = (int)Math.Clamp(first - position, 0, read); i < read; i++)
            {
                checksum ^= buffer[i];
                for (int bit = 0; bit < 8; bit++)
                {
                    checksum = (checksum & 1) != 0 ? (checksum >> 1) ^ 0xEDB88320 : checksum >> 1;
                }
            }
        }

        return ~checksum;
    }
}
