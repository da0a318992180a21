using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Parquet;
using Parquet.Schema;
using Parquet.Serialization;

namespace SafeTuneBed.Data;

/// <summary>
/// Parquet, one row group in memory at a time. Cells become the texts that JSON would give: booleans <c>true</c> and <c>false</c>, lists and structs as
/// JSON, null as "".
/// </summary>
internal static class ParquetRecords
{
    /// <summary>
    /// How long a sound file may take. What can send the decoder round for ever is refused before (<see cref="ParquetStructure"/>); should it happen all the same,
    /// its thread can't be stopped, only left.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan PatiencePerMebibyte = TimeSpan.FromSeconds(2);

    private static readonly JsonWriterOptions Nested = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IEnumerable<RawRecord> Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.RandomAccess);
        (string[] columns, int groups) = Describe(file, path);
        long line = 0;
        for (int group = 0; group < groups; group++)
        {
            int index = group;
            IReadOnlyList<Dictionary<string, object>> rows = Guard(path, () => Wait(file, () => ParquetSerializer.DeserializeUntypedAsync(file, null, index, CancellationToken.None))).Data.AsReadOnly();
            foreach (Dictionary<string, object> row in rows)
            {
                line++;
                var fields = new Dictionary<string, string>(columns.Length, StringComparer.Ordinal);
                foreach (string column in columns)
                {
                    fields.Add(column, Guard(path, () => Text(row.GetValueOrDefault(column))));
                }

                yield return new RawRecord(fields, path, line);
            }
        }
    }

    /// <summary>Columns and number of groups, after the sizes that the file states were found possible.</summary>
    private static (string[] Columns, int Groups) Describe(FileStream file, string path) => Guard(path, () => Wait(file, async () =>
    {
        ParquetStructure.CheckFooter(file);
        ParquetReader reader = await ParquetReader.CreateAsync(file, leaveStreamOpen: true).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            ParquetStructure.CheckGroups(file, reader.Metadata?.RowGroups ?? []);
            string[] columns = [.. reader.Schema.Fields.Select((Field f) => f.Name)];
            return columns.Distinct(StringComparer.Ordinal).Count() == columns.Length
                ? (columns, reader.RowGroupCount)
                : throw new InvalidDataException("Two columns have one name.");
        }
    }));

    /// <summary>The reader has no list of what it may throw on damaged bytes, so everything but cancelling and faults of the disk means: damaged.</summary>
    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (fault is not (SafeTuneBedException or OperationCanceledException or UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException))
        {
            throw new DatasetFormatException(path, 0, null, "the Parquet data is damaged, cut off, or of a kind that can't be read. Get the file again, or save it as JSON Lines.", fault);
        }
    }

    // records are drawn one by one by code that can't wait; a file's tasks end on the pool's threads and need no thread of the caller
    private static T Wait<T>(FileStream file, Func<Task<T>> read)
    {
        Task<T> task = Task.Run(read);
        return Task.WaitAny([task], Patience + (PatiencePerMebibyte * (file.Length >> 20))) == 0
            ? task.GetAwaiter().GetResult()
            : throw new InvalidDataException("Decoding does not come to an end.");
    }

    private static string Text(object? value)
    {
        switch (value)
        {
            case null:
                return "";
            case string text:
                return text;
            case ReadOnlyMemory<char> text:
                return text.ToString();
            case byte[] bytes:
                return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            case bool flag:
                return flag ? "true" : "false";
            case IEnumerable:
                using (var buffer = new MemoryStream())
                {
                    using (var json = new Utf8JsonWriter(buffer, Nested))
                    {
                        Write(json, value);
                    }

                    return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
                }

            case IFormattable number:
                return number.ToString(number is DateTime or DateTimeOffset ? "O" : null, CultureInfo.InvariantCulture);
            default:
                throw new InvalidDataException("A cell is of a kind that can't be read.");
        }
    }

    private static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal:
                json.WriteRawValue(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
                break;
            case IDictionary map:
                json.WriteStartObject();
                foreach (DictionaryEntry entry in map)
                {
                    json.WritePropertyName(Text(entry.Key));
                    Write(json, entry.Value);
                }

                json.WriteEndObject();
                break;
            case IEnumerable list and not (string or byte[]):
                json.WriteStartArray();
                foreach (object? item in list)
                {
                    Write(json, item);
                }

                json.WriteEndArray();
                break;
            default:
                json.WriteStringValue(Text(value));
                break;
        }
    }
}
