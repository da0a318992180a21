using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace SafeTuneBed.Running;

/// <summary>JSON in one form only: sorted keys, no blanks, invariant numbers. Its SHA-256 is a fingerprint.</summary>
internal static class CanonicalJson
{
    /// <summary>For records that people read: indented, enums as words.</summary>
    public static JsonSerializerOptions Readable { get; } = Create(indented: true);

    /// <summary>For lines of a file.</summary>
    public static JsonSerializerOptions Line { get; } = Create(indented: false);

    /// <summary>Any settings object as a node; its runtime type decides.</summary>
    /// <exception cref="ConfigurationException">A property can't be written, so it could not be told apart in fingerprints.</exception>
    public static JsonNode? ToNode(object? value, string owner)
    {
        if (value is null)
        {
            return null;
        }

        try
        {
            return JsonSerializer.SerializeToNode(value, value.GetType(), Line);
        }
        catch (Exception e) when (e is NotSupportedException or JsonException or InvalidOperationException)
        {
            throw new ConfigurationException(
                $"The settings of {owner} can't be part of a fingerprint: {e.Message} Use plain values, or mark the property with [JsonIgnore] when it does not change results.", e);
        }
    }

    /// <summary>SHA-256 of the canonical form, hex.</summary>
    public static string Hash(JsonNode? node) => Hash(Write(node));

    /// <summary>SHA-256 of a text in UTF-8, hex.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>The canonical form.</summary>
    public static string Write(JsonNode? node)
    {
        var text = new StringBuilder();
        Write(node, text);
        return text.ToString();
    }

    private static void Write(JsonNode? node, StringBuilder text)
    {
        switch (node)
        {
            case JsonObject members:
                text.Append('{');
                string separator = "";
                foreach (var (name, value) in members.OrderBy(m => m.Key, StringComparer.Ordinal))
                {
                    text.Append(separator).Append(JsonSerializer.Serialize(name)).Append(':');
                    Write(value, text);
                    separator = ",";
                }

                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                for (int i = 0; i < items.Count; i++)
                {
                    text.Append(i == 0 ? "" : ",");
                    Write(items[i], text);
                }

                text.Append(']');
                break;
            case null:
                text.Append("null");
                break;
            default:
                text.Append(node.ToJsonString(Line));
                break;
        }
    }

    private static JsonSerializerOptions Create(bool indented)
    {
        var options = new JsonSerializerOptions
        {
            WriteIndented = indented,
            NewLine = "\n",
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        };
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower));
        options.Converters.Add(new PlainDecimal());
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    /// <summary>0.30 and 0.3 are one number.</summary>
    private sealed class PlainDecimal : JsonConverter<decimal>
    {
        public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDecimal();

        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value == 0 ? "0" : value.ToString("0.############################", CultureInfo.InvariantCulture));
    }
}
