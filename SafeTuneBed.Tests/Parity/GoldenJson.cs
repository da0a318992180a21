using System.Text.Json;

namespace SafeTuneBed.Tests.Parity;

/// <summary>Short ways to numbers in reference results.</summary>
internal static class GoldenJson
{
    public static JsonElement At(this JsonElement element, params string[] path) => path.Aggregate(element, (e, name) => e.GetProperty(name));

    public static int[] Ints(this JsonElement array) => [.. array.EnumerateArray().Select(i => i.GetInt32())];

    public static int[][] IntRows(this JsonElement array) => [.. array.EnumerateArray().Select(Ints)];

    public static double[] Doubles(this JsonElement array) => [.. array.EnumerateArray().Select(i => i.GetDouble())];

    public static double?[][] OptionalRows(this JsonElement array)
        => [.. array.EnumerateArray().Select(row => row.EnumerateArray().Select(i => i.ValueKind == JsonValueKind.Null ? (double?)null : i.GetDouble()).ToArray())];
}
