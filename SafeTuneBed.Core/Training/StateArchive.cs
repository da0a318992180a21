using System.Globalization;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>A method's state as JSON and tensors, and back, to the bit.</summary>
internal static class StateArchive
{
    /// <summary>Describes all entries in order; tensors are put into <paramref name="tensors"/>, not copied.</summary>
    public static JsonArray Write(TrainingState state, IDictionary<string, Tensor> tensors)
    {
        var entries = new JsonArray();
        foreach ((string name, object value) in state.Entries)
        {
            var (kind, text) = Describe(value);
            var entry = new JsonObject { ["name"] = name, ["kind"] = kind, ["value"] = text };
            if (TensorOf(value) is { } tensor)
            {
                string key = string.Create(CultureInfo.InvariantCulture, $"state.{entries.Count}");
                tensors.Add(key, tensor);
                entry["tensor"] = key;
                entry["cpu"] = tensor.device_type == TorchSharp.DeviceType.CPU;
                entry["requiresGrad"] = tensor.requires_grad;
            }

            entries.Add(entry);
        }

        return entries;
    }

    /// <summary>The entries, as new objects that belong to the caller.</summary>
    /// <exception cref="FormatException">An entry is not as it was written.</exception>
    public static List<KeyValuePair<string, object>> Read(JsonArray entries, SafetensorsFile file, FlatParameters layout)
    {
        var read = new List<KeyValuePair<string, object>>();
        try
        {
            foreach (JsonNode? entry in entries)
            {
                read.Add(KeyValuePair.Create(Text(entry, "name"), Read(entry!, file, layout)));
            }

            return read;
        }
        catch
        {
            read.ForEach(e => (e.Value as IDisposable)?.Dispose());
            throw;
        }
    }

    private static (string Kind, string? Value) Describe(object value) => value switch
    {
        Tensor => ("tensor", null),
        ParameterSnapshot => ("snapshot", null),
        GradientSet => ("gradients", null),
        string text => ("text", text),
        bool flag => ("bool", flag ? "1" : "0"),
        int number => ("int", number.ToString(CultureInfo.InvariantCulture)),
        long number => ("long", number.ToString(CultureInfo.InvariantCulture)),
        float number => ("float", BitConverter.SingleToInt32Bits(number).ToString(CultureInfo.InvariantCulture)),
        double number => ("double", BitConverter.DoubleToInt64Bits(number).ToString(CultureInfo.InvariantCulture)),
        _ => throw new InvalidOperationException($"State holds a {value.GetType().Name}, which can't be saved."),
    };

    private static Tensor? TensorOf(object value) => value switch
    {
        Tensor tensor => tensor,
        ParameterSnapshot snapshot => snapshot.Values,
        GradientSet gradients => gradients.Values,
        _ => null,
    };

    private static object Read(JsonNode entry, SafetensorsFile file, FlatParameters layout)
    {
        string kind = Text(entry, "kind");
        if (kind is "tensor" or "snapshot" or "gradients")
        {
            return ReadTensor(entry, kind, file, layout);
        }

        string value = Text(entry, "value");
        return kind switch
        {
            "text" => value,
            "bool" => value == "1",
            "int" => int.Parse(value, CultureInfo.InvariantCulture),
            "long" => long.Parse(value, CultureInfo.InvariantCulture),
            "float" => BitConverter.Int32BitsToSingle(int.Parse(value, CultureInfo.InvariantCulture)),
            "double" => BitConverter.Int64BitsToDouble(long.Parse(value, CultureInfo.InvariantCulture)),
            _ => throw new FormatException($"unknown kind '{kind}' of state"),
        };
    }

    private static object ReadTensor(JsonNode entry, string kind, SafetensorsFile file, FlatParameters layout)
    {
        string key = Text(entry, "tensor");
        if (!file.Entries.ContainsKey(key))
        {
            throw new FormatException($"the tensor '{key}' of the state is missing");
        }

        using var scope = NewDisposeScope();
        Tensor stored = file.Read(key);
        if (kind != "tensor" && (stored.dtype != ScalarType.Float32 || stored.dim() != 1 || stored.numel() != layout.Values.numel()))
        {
            throw new FormatException($"'{key}' is not a set of the run's parameters");
        }

        bool cpu = entry["cpu"]?.GetValue<bool>() ?? true;
        Tensor own = (cpu ? stored.clone() : stored.to(layout.Values.device)).DetachFromDisposeScope(); // a copy: the file's mapping must not outlive this
        return kind switch
        {
            "snapshot" => new ParameterSnapshot(own),
            "gradients" => new GradientSet(layout, own),
            _ => entry["requiresGrad"]?.GetValue<bool>() == true ? own.requires_grad_(true) : own,
        };
    }

    private static string Text(JsonNode? entry, string field) =>
        entry?[field]?.GetValue<string>() ?? throw new FormatException($"an entry of the state has no '{field}'");
}
