using System.Globalization;
using System.Reflection;

namespace SafeTuneBed.Running;

/// <summary>Sets properties by name from plain values.</summary>
internal static class SettingValues
{
    /// <summary>Sets what can be set, and tells what can't be.</summary>
    public static IReadOnlyList<string> Apply(object options, IReadOnlyDictionary<string, object?> values, string owner)
    {
        PropertyInfo[] properties = [.. options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite && p.GetIndexParameters().Length == 0)];
        var faults = new List<string>();
        foreach ((string name, object? value) in values)
        {
            if (properties.FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is not { } property)
            {
                faults.Add($"{owner} sets '{name}', which its options don't have.{NearestName.Hint(name, [.. properties.Select(p => p.Name)])}");
            }
            else if (!TryConvert(value, property.PropertyType, out object? converted))
            {
                faults.Add(FormattableString.Invariant($"{owner} sets {property.Name} to {value ?? "null"}; give a value of type {NameOf(property.PropertyType)}."));
            }
            else
            {
                property.SetValue(options, converted);
            }
        }

        return faults;
    }

    private static bool TryConvert(object? value, Type wanted, out object? converted)
    {
        converted = value;
        Type type = Nullable.GetUnderlyingType(wanted) ?? wanted;
        if (value is null)
        {
            return !wanted.IsValueType || type != wanted;
        }

        if (type.IsInstanceOfType(value))
        {
            return true;
        }

        if (type.IsEnum)
        {
            return value is string word && Enum.TryParse(type, word, ignoreCase: true, out converted) && Enum.IsDefined(type, converted!);
        }

        if (!IsNumber(type) || !IsNumber(value.GetType()))
        {
            return false;
        }

        try
        {
            converted = Convert.ChangeType(value, type, CultureInfo.InvariantCulture);
            return type == typeof(float) || Convert.ToDouble(converted, CultureInfo.InvariantCulture).Equals(Convert.ToDouble(value, CultureInfo.InvariantCulture));
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    private static bool IsNumber(Type type) => Type.GetTypeCode(type) is >= TypeCode.SByte and <= TypeCode.Decimal;

    private static string NameOf(Type type) => Nullable.GetUnderlyingType(type) is { } inner ? $"{inner.Name} or null" : type.Name;
}
