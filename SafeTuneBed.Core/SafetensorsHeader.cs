using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace SafeTuneBed;

/// <summary>The checked header of one safetensors file. Files are untrusted: every number is compared with the file's own length before use.</summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The largest header that is read, as in the reference implementation of the format.</summary>
    public const long LargestHeader = 100_000_000;

    private readonly ModelFaults faults;
    private readonly Dictionary<string, SafetensorsEntry> entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> metadata = new(StringComparer.Ordinal);
    private long dataStart;
    private long dataLength;

    private SafetensorsHeader(ModelFaults faults) => this.faults = faults;

    /// <summary>Tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => entries;

    /// <summary>The <c>__metadata__</c> of the file.</summary>
    public IReadOnlyDictionary<string, string> Metadata => metadata;

    /// <summary>Reads and checks a header; what is wrong goes to <paramref name="faults"/>, and the entries are then not to be used.</summary>
    public static SafetensorsHeader Read(string path, ModelFaults faults)
    {
        var header = new SafetensorsHeader(faults);
        using FileStream file = File.OpenRead(path);
        if (header.ReadJson(file) is { } json)
        {
            header.Parse(json);
        }

        return header;
    }

    private byte[]? ReadJson(FileStream file)
    {
        if (file.Length < 8)
        {
            faults.Add($"the file has {file.Length} bytes, too few for a safetensors header");
            return null;
        }

        Span<byte> prefix = stackalloc byte[8];
        file.ReadExactly(prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > (ulong)(file.Length - 8))
        {
            faults.Add($"the header is said to have {length} bytes, but only {file.Length - 8} follow: the file is truncated or no safetensors file");
            return null;
        }

        if (length > LargestHeader)
        {
            faults.Add($"the header is said to have {length} bytes, more than the {LargestHeader} that are allowed");
            return null;
        }

        dataStart = 8 + (long)length;
        dataLength = file.Length - dataStart;
        byte[] json = new byte[length];
        file.ReadExactly(json);
        return json;
    }

    private void Parse(byte[] json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                faults.Add("the header is no JSON object");
                return;
            }

            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                ParseProperty(property);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            faults.Add("the header is damaged JSON: " + e.Message.TrimEnd('.'));   // InvalidOperationException: half of a surrogate pair
            return;
        }

        CheckTiling();
    }

    private void ParseProperty(JsonProperty property)
    {
        if (property.Name == "__metadata__")
        {
            ParseMetadata(property.Value);
        }
        else if (entries.ContainsKey(property.Name))
        {
            faults.Add($"tensor {ModelFaults.Quote(property.Name)} is defined twice");
        }
        else if (ParseEntry(property.Name, property.Value) is { } entry)
        {
            entries.Add(property.Name, entry);
        }
    }

    private void ParseMetadata(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            faults.Add("__metadata__ is no JSON object");
            return;
        }

        foreach (JsonProperty item in value.EnumerateObject())
        {
            if (item.Value.ValueKind != JsonValueKind.String || !metadata.TryAdd(item.Name, item.Value.GetString()!))
            {
                faults.Add($"__metadata__ key {ModelFaults.Quote(item.Name)} is defined twice or is no string");
            }
        }
    }

    private SafetensorsEntry? ParseEntry(string name, JsonElement value)
    {
        string shown = ModelFaults.Quote(name);
        if (value.ValueKind != JsonValueKind.Object)
        {
            faults.Add($"tensor {shown} is no JSON object");
            return null;
        }

        var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (JsonProperty field in value.EnumerateObject())
        {
            if (!fields.TryAdd(field.Name, field.Value))
            {
                faults.Add($"tensor {shown} gives {ModelFaults.Quote(field.Name)} twice");
                return null;
            }
        }

        if (!fields.TryGetValue("dtype", out JsonElement type) || type.ValueKind != JsonValueKind.String)
        {
            faults.Add($"tensor {shown} has no dtype");
            return null;
        }

        if (!SafetensorsEntry.Types.TryGetValue(type.GetString()!, out ScalarType scalarType))
        {
            faults.Add($"tensor {shown} has dtype {ModelFaults.Quote(type.GetString()!)}, known are {string.Join(", ", SafetensorsEntry.Types.Keys)}");
            return null;
        }

        long[]? shape = Numbers(fields, "shape"), range = Numbers(fields, "data_offsets");
        if (shape is null || range is not [long begin, long end] || end < begin)
        {
            faults.Add($"tensor {shown} needs a shape and two data_offsets in rising order, all whole numbers of at least 0");
            return null;
        }

        if (end > dataLength)
        {
            faults.Add($"tensor {shown} ends at byte {end} of the data, which has {dataLength}: the file is truncated");
            return null;
        }

        if (CountBytes(shape, SafetensorsEntry.ElementSize(scalarType)) != end - begin)
        {
            faults.Add($"tensor {shown} of shape [{string.Join(", ", shape)}] and dtype {type.GetString()} does not fill its {end - begin} bytes");
            return null;
        }

        return new SafetensorsEntry(name, scalarType, shape, dataStart + begin, end - begin);
    }

    private static long[]? Numbers(Dictionary<string, JsonElement> fields, string name)
    {
        if (!fields.TryGetValue(name, out JsonElement array) || array.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var numbers = new List<long>();
        foreach (JsonElement item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out long number) || number < 0)
            {
                return null;
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    // -1 when the product exceeds 64 bits; no file is that long
    private static long CountBytes(long[] shape, int elementSize)
    {
        if (shape.Contains(0))
        {
            return 0;
        }

        Int128 bytes = elementSize;
        foreach (long side in shape)
        {
            bytes *= side;
            if (bytes > long.MaxValue)
            {
                return -1;
            }
        }

        return (long)bytes;
    }

    // The format demands that tensors lie end to end: no byte twice, no byte unused.
    private void CheckTiling()
    {
        bool complete = !faults.Any;
        long position = dataStart;
        string previous = "the header";
        foreach (SafetensorsEntry entry in entries.Values.OrderBy(e => e.Offset).ThenBy(e => e.ByteCount))
        {
            if (entry.Offset < position && entry.ByteCount > 0)
            {
                faults.Add($"tensor {ModelFaults.Quote(entry.Name)} overlaps {previous}");
            }
            else if (entry.Offset > position && complete)
            {
                faults.Add($"{entry.Offset - position} bytes between {previous} and tensor {ModelFaults.Quote(entry.Name)} belong to nothing");
            }

            if (entry.Offset + entry.ByteCount > position)
            {
                position = entry.Offset + entry.ByteCount;
                previous = "tensor " + ModelFaults.Quote(entry.Name);
            }
        }

        if (complete && position < dataStart + dataLength)
        {
            faults.Add($"{dataStart + dataLength - position} bytes after {previous} belong to nothing");
        }
    }
}
