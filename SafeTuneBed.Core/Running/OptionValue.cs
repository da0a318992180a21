using System.Reflection;

namespace SafeTuneBed.Running;

/// <summary>One value of a method's options: a property, or a property of the training or the adapters of an alignment stage.</summary>
/// <param name="Path">Names joined by colons.</param>
/// <param name="Get">Reads it.</param>
internal sealed record OptionValue(string Path, Func<object, object?> Get)
{
    /// <summary>The values of a class of options.</summary>
    public static IReadOnlyList<OptionValue> Of(Type options) => [.. Properties(options).SelectMany(p => p.PropertyType == typeof(TrainingOptions) || p.PropertyType == typeof(LoraOptions)
        ? Properties(p.PropertyType).Select(inner => new OptionValue($"{p.Name}:{inner.Name}", o => p.GetValue(o) is { } outer ? inner.GetValue(outer) : null))
        : [new OptionValue(p.Name, p.GetValue)])];

    private static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanRead && p.GetIndexParameters().Length == 0);
}
