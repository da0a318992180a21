using static TorchSharp.torch;

namespace SafeTuneBed;

/// <summary>Where one tensor of a safetensors file lies.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="DataType">Its stored number type.</param>
/// <param name="Shape">Its shape; empty for a single number.</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="ByteCount">Bytes of the tensor.</param>
public sealed record SafetensorsEntry(string Name, ScalarType DataType, IReadOnlyList<long> Shape, long Offset, long ByteCount)
{
    /// <summary>The format's type names that torch can hold, with their torch types.</summary>
    internal static IReadOnlyDictionary<string, ScalarType> Types { get; } = new Dictionary<string, ScalarType>(StringComparer.Ordinal)
    {
        ["F64"] = ScalarType.Float64,
        ["F32"] = ScalarType.Float32,
        ["F16"] = ScalarType.Float16,
        ["BF16"] = ScalarType.BFloat16,
        ["I64"] = ScalarType.Int64,
        ["I32"] = ScalarType.Int32,
        ["I16"] = ScalarType.Int16,
        ["I8"] = ScalarType.Int8,
        ["U8"] = ScalarType.Byte,
        ["BOOL"] = ScalarType.Bool,
    };

    /// <summary>The format's name of a torch type, or null where it has none.</summary>
    internal static string? NameOf(ScalarType type) => Types.Where(t => t.Value == type).Select(t => t.Key).FirstOrDefault();

    /// <summary>Bytes of one element.</summary>
    internal static int ElementSize(ScalarType type) => type switch
    {
        ScalarType.Float64 or ScalarType.Int64 => 8,
        ScalarType.Float32 or ScalarType.Int32 => 4,
        ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Int16 => 2,
        _ => 1,
    };
}
