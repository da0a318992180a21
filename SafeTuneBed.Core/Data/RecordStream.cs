namespace SafeTuneBed.Data;

/// <summary>Opens a data file: unpacks gzip by name, leaves out a byte order mark, and turns faults of the file into typed errors.</summary>
internal static class RecordStream
{
    /// <summary>Longest record that is read, in bytes. A file that says more is hostile or no record file at all.</summary>
    public const int MaxRecordBytes = 64 << 20;

    /// <summary>The records of a file, streamed.</summary>
    /// <exception cref="DatasetFormatException">The file is not what its format says.</exception>
    public static IEnumerable<RawRecord> Read(string path, DatasetFormat format, IReadOnlyList<string>? columns, CancellationToken cancellationToken) =>
        Read(path, format, columns, [], cancellationToken);

    /// <summary>The records of a file, streamed; a file with declared columns may have one of some headings all the same.</summary>
    /// <exception cref="DatasetFormatException">The file is not what its format says.</exception>
    public static IEnumerable<RawRecord> Read(
        string path, DatasetFormat format, IReadOnlyList<string>? columns, IReadOnlyList<IReadOnlyList<string>> headings, CancellationToken cancellationToken)
    {
        using IEnumerator<RawRecord> records = Open(path, format, columns, headings).GetEnumerator();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RawRecord record;
            try
            {
                if (!records.MoveNext())
                {
                    yield break;
                }

                record = records.Current;
            }
            catch (InvalidDataException fault)
            {
                throw new DatasetFormatException(path, 0, null, "the gzip data is damaged or cut off. Get the file again.", fault);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                throw new ConfigurationException($"{path} can't be read: {fault.Message}", fault);
            }

            yield return record;
        }
    }

    private static IEnumerable<RawRecord> Open(string path, DatasetFormat format, IReadOnlyList<string>? columns, IReadOnlyList<IReadOnlyList<string>> headings) =>
        format == DatasetFormat.Parquet ? ParquetRecords.Read(path) : OpenText(path, format, columns, headings);

    private static IEnumerable<RawRecord> OpenText(string path, DatasetFormat format, IReadOnlyList<string>? columns, IReadOnlyList<IReadOnlyList<string>> headings)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        using Stream unpacked = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new WholeGzipStream(file) : file;
        using Stream text = WithoutByteOrderMark(unpacked, path);
        IEnumerable<RawRecord> records = format switch
        {
            DatasetFormat.JsonLines => JsonLinesReader.Read(text, path),
            DatasetFormat.Json or DatasetFormat.JsonConcatenated => JsonRootReader.Read(text, path, concatenated: format == DatasetFormat.JsonConcatenated),
            DatasetFormat.Csv => DelimitedReader.Read(text, path, ',', columns, headings),
            DatasetFormat.Tsv => DelimitedReader.Read(text, path, '\t', columns, headings),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "The format is not one of a file."),
        };
        foreach (RawRecord record in records)
        {
            yield return record;
        }
    }

    private static Stream WithoutByteOrderMark(Stream stream, string path)
    {
        byte[] head = new byte[3];
        int read = stream.ReadAtLeast(head, 3, throwOnEndOfStream: false);
        if (head is [0xFF, 0xFE, _] or [0xFE, 0xFF, _])
        {
            throw new DatasetFormatException(path, 0, null, "the text is UTF-16; save it as UTF-8.");
        }

        return read == 3 && head is [0xEF, 0xBB, 0xBF] ? stream : new PrefixedStream(head.AsMemory(0, read), stream);
    }

    /// <summary>Gives back the bytes that were read to look for a byte order mark.</summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : ForwardOnlyStream
    {
        private ReadOnlyMemory<byte> pending = prefix;

        public override int Read(Span<byte> buffer)
        {
            if (pending.Length == 0)
            {
                return rest.Read(buffer);
            }

            int count = Math.Min(buffer.Length, pending.Length);
            pending.Span[..count].CopyTo(buffer);
            pending = pending[count..];
            return count;
        }
    }
}
