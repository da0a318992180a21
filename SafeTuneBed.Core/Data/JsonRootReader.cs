using System.Globalization;
using System.Text.Json;

namespace SafeTuneBed.Data;

/// <summary>
/// Streams the objects of one JSON array, or, only where that was asked for, of bare objects written one after the other. Holds one record at
/// a time, whatever the size of the file.
/// </summary>
internal sealed class JsonRootReader
{
    // several root values are let through by the reader and refused here, where their position is known
    private static readonly JsonReaderOptions Options = new() { MaxDepth = JsonFields.MaxDepth, AllowMultipleValues = true };

    private readonly Stream stream;
    private readonly string file;
    private readonly bool concatenated;
    private byte[] buffer = new byte[1 << 16];
    private int start;
    private int end;
    private bool isFinal;
    private long offset;
    private long line = 1;
    private JsonReaderState state = new(Options);
    private Place place;

    private JsonRootReader(Stream stream, string file, bool concatenated) =>
        (this.stream, this.file, this.concatenated, place) = (stream, file, concatenated, concatenated ? Place.Inside : Place.Before);

    private enum Place
    {
        Before,
        Inside,
        AfterObject,
        After,
    }

    public static IEnumerable<RawRecord> Read(Stream stream, string file, bool concatenated)
    {
        var reader = new JsonRootReader(stream, file, concatenated);
        while (reader.Next() is { } record)
        {
            yield return record;
        }
    }

    private RawRecord? Next()
    {
        while (true)
        {
            try
            {
                if (TryStep(out RawRecord? record, out bool done))
                {
                    if (record is not null || done)
                    {
                        return record;
                    }

                    continue;
                }
            }
            catch (JsonException fault)
            {
                throw new DatasetFormatException(file, (fault.LineNumber ?? 0) + 1, null, $"the JSON can't be read ({JsonFault.Describe(fault)}).", fault);
            }

            Fill();
        }
    }

    /// <summary>Reads one token or one record; false when more bytes are needed first.</summary>
    private bool TryStep(out RawRecord? record, out bool done)
    {
        record = null;
        done = false;
        var reader = new Utf8JsonReader(buffer.AsSpan(start, end - start), isFinal, state);
        if (!reader.Read())
        {
            done = isFinal;
            return isFinal && AtEnd();
        }

        long tokenOffset = offset + reader.TokenStartIndex;
        long tokenLine = line + Newlines(reader.TokenStartIndex);
        switch (place)
        {
            case Place.Before when reader.TokenType == JsonTokenType.StartArray:
                place = Place.Inside;
                break;
            case Place.Before when reader.TokenType == JsonTokenType.StartObject:
                if (!reader.TrySkip())
                {
                    return false;
                }

                place = Place.AfterObject;
                break;
            case Place.Before:
                throw new DatasetFormatException(file, tokenLine, null, "the root must be a JSON array of objects.");
            case Place.Inside when reader.TokenType == JsonTokenType.EndArray:
                place = Place.After;
                break;
            case Place.Inside:
                if (!JsonDocument.TryParseValue(ref reader, out JsonDocument? document))
                {
                    return false;
                }

                using (document)
                {
                    record = JsonFields.ToRecord(document.RootElement, file, tokenLine);
                }

                break;
            default:
                throw new DatasetFormatException(file, tokenLine, null, string.Create(
                    CultureInfo.InvariantCulture,
                    $"a second root value begins at byte {tokenOffset}; a JSON file holds one array. For objects written one after the other use DatasetSource.JsonConcatenated, for one object a line DatasetSource.JsonLines."));
        }

        Commit(ref reader);
        return true;
    }

    private bool AtEnd() => place switch
    {
        Place.AfterObject => throw new DatasetFormatException(file, 1, null, "the root is an object; it must be an array of objects."),
        Place.Before => throw new DatasetFormatException(file, 1, null, "the file is empty; it must be a JSON array of objects."),
        Place.Inside when !concatenated => throw new DatasetFormatException(file, line, null, "the JSON can't be read (cut off before its end)."),
        _ => true,
    };

    private void Commit(ref Utf8JsonReader reader)
    {
        line += Newlines(reader.BytesConsumed);
        offset += reader.BytesConsumed;
        start += (int)reader.BytesConsumed;
        state = reader.CurrentState;
    }

    private int Newlines(long count) => buffer.AsSpan(start, (int)count).Count((byte)'\n');

    private void Fill()
    {
        if (start > 0)
        {
            Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
            (start, end) = (0, end - start);
        }

        if (end == buffer.Length)
        {
            if (buffer.Length >= RecordStream.MaxRecordBytes)
            {
                throw new DatasetFormatException(file, line, null, $"a value is longer than {RecordStream.MaxRecordBytes >> 20} MiB.");
            }

            Array.Resize(ref buffer, buffer.Length * 2);
        }

        int read = stream.Read(buffer, end, buffer.Length - end);
        isFinal = read == 0;
        end += read;
    }
}
