using System.Text.Json;

namespace SafeTuneBed.Data;

/// <summary>Turns one JSON object into a raw record.</summary>
internal static class JsonFields
{
    /// <summary>Depth beyond which JSON is refused.</summary>
    public const int MaxDepth = 64;

    /// <summary>Text as it is, numbers and nested values as written, booleans as <c>true</c>/<c>false</c>, null as "".</summary>
    /// <exception cref="DatasetFormatException">A name occurs twice, or text is not valid Unicode.</exception>
    public static RawRecord ToRecord(JsonElement element, string file, long line)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new DatasetFormatException(file, line, null, $"a record must be a JSON object, but here is {Describe(element.ValueKind)}.");
        }

        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string name = "";
            string value;
            try
            {
                name = property.Name;
                value = property.Value.ValueKind switch
                {
                    JsonValueKind.String => property.Value.GetString()!,
                    JsonValueKind.Null => "",
                    _ => property.Value.GetRawText(),
                };
            }
            catch (InvalidOperationException fault)
            {
                // raised for half of a surrogate pair and for bytes that are not UTF-8
                throw new DatasetFormatException(file, line, name.Length > 0 ? name : null, "the text is not valid Unicode.", fault);
            }

            if (!fields.TryAdd(name, value))
            {
                throw new DatasetFormatException(file, line, name, "the name occurs twice in one object.");
            }
        }

        return new RawRecord(fields, file, line);
    }

    public static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };
}
