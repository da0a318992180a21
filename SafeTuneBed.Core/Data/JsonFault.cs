using System.Globalization;
using System.Text.Json;

namespace SafeTuneBed.Data;

/// <summary>Says what is wrong with JSON without quoting its content, which may be harmful text.</summary>
internal static class JsonFault
{
    public static string Describe(JsonException fault)
    {
        string message = fault.Message;
        string kind =
            message.Contains("maximum configured depth", StringComparison.OrdinalIgnoreCase) ? string.Create(CultureInfo.InvariantCulture, $"nested deeper than {JsonFields.MaxDepth}")
            : message.Contains("end of data", StringComparison.OrdinalIgnoreCase) || message.Contains("Expected end of string", StringComparison.OrdinalIgnoreCase)
                || message.Contains("depth to be zero", StringComparison.OrdinalIgnoreCase) ? "cut off before its end"
            : message.Contains("after a single JSON value", StringComparison.OrdinalIgnoreCase) ? "more follows after the value"
            : message.Contains("UTF-8", StringComparison.OrdinalIgnoreCase) ? "not valid UTF-8"
            : "malformed";
        return fault.BytePositionInLine is { } position ? string.Create(CultureInfo.InvariantCulture, $"{kind}, at byte {position} of the line") : kind;
    }
}
