using System.Text.Json;

namespace SafeTuneBed.Data;

/// <summary>One JSON object a line; blank lines are skipped. Lines end in LF or CR LF, nothing else.</summary>
internal static class JsonLinesReader
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = JsonFields.MaxDepth };

    public static IEnumerable<RawRecord> Read(Stream stream, string file)
    {
        var lines = new ByteLines(stream, file);
        while (lines.Next() is { } bytes)
        {
            if (IsBlank(bytes.Span))
            {
                continue;
            }

            RawRecord record;
            try
            {
                using JsonDocument document = JsonDocument.Parse(bytes, Strict);
                record = JsonFields.ToRecord(document.RootElement, file, lines.Number);
            }
            catch (JsonException fault)
            {
                throw new DatasetFormatException(file, lines.Number, null, $"not one JSON object on one line ({JsonFault.Describe(fault)}).", fault);
            }

            yield return record;
        }
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(" \t\r"u8) < 0;

    /// <summary>Lines of a byte stream, one at a time, in one growing buffer.</summary>
    private sealed class ByteLines(Stream stream, string file)
    {
        private byte[] buffer = new byte[1 << 16];
        private int start;
        private int end;
        private bool finished;

        /// <summary>1-based number of the line given last.</summary>
        public long Number { get; private set; }

        /// <summary>The next line without its line feed; valid until the next call. Null at the end.</summary>
        public ReadOnlyMemory<byte>? Next()
        {
            int scanned = start;
            while (true)
            {
                int found = buffer.AsSpan(scanned, end - scanned).IndexOf((byte)'\n');
                if (found >= 0)
                {
                    int lineEnd = scanned + found;
                    ReadOnlyMemory<byte> line = buffer.AsMemory(start, lineEnd - start);
                    start = lineEnd + 1;
                    Number++;
                    return line;
                }

                scanned = end;
                if (finished)
                {
                    if (start == end)
                    {
                        return null;
                    }

                    ReadOnlyMemory<byte> last = buffer.AsMemory(start, end - start);
                    start = end;
                    Number++;
                    return last;
                }

                scanned -= Fill();
            }
        }

        /// <summary>Reads more; gives back by how much the buffered bytes moved to the front.</summary>
        private int Fill()
        {
            int moved = 0;
            if (end == buffer.Length)
            {
                if (start > 0)
                {
                    moved = start;
                    Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
                    (start, end) = (0, end - start);
                }
                else if (buffer.Length >= RecordStream.MaxRecordBytes)
                {
                    throw new DatasetFormatException(file, Number + 1, null, $"the line is longer than {RecordStream.MaxRecordBytes >> 20} MiB.");
                }
                else
                {
                    Array.Resize(ref buffer, buffer.Length * 2);
                }
            }

            int read = stream.Read(buffer, end, buffer.Length - end);
            finished = read == 0;
            end += read;
            return moved;
        }
    }
}
