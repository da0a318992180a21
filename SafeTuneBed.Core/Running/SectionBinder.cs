using System.ComponentModel;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace SafeTuneBed.Running;

/// <summary>Fills options from a configuration section; an unknown key or an unreadable value is a fault that names its path. Faults are collected, not thrown.</summary>
internal static class SectionBinder
{
    /// <summary>Sets each property named in the section, nested objects included.</summary>
    public static void Bind(IConfigurationSection section, object options, ICollection<string> faults)
    {
        if (section.Value is { Length: > 0 } text)
        {
            faults.Add($"{section.Path} is the value '{text}'; give a section with keys.");
            return;
        }

        PropertyInfo[] properties = [.. options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite && p.GetIndexParameters().Length == 0)];
        CheckKeys(section, [.. properties.Select(p => p.Name)], faults);
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (properties.FirstOrDefault(p => p.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)) is not { } property)
            {
                continue;
            }

            if (property.GetCustomAttribute<PasswordPropertyTextAttribute>() is { Password: true })
            {
                faults.Add($"{child.Path} is a secret, which does not belong into configuration. Give the name of the environment variable that holds it.");
                continue;
            }

            Set(child, options, property, faults);
        }
    }

    /// <summary>Each key that is not among the known ones is a fault.</summary>
    public static void CheckKeys(IConfiguration section, IReadOnlyList<string> known, ICollection<string> faults)
    {
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (!known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                faults.Add($"The key {child.Path} is unknown.{NearestName.Hint(child.Key, known)}");
            }
        }
    }

    /// <summary>A list of texts, or one text.</summary>
    public static IReadOnlyList<string> Strings(IConfigurationSection section, ICollection<string> faults)
    {
        if (section.Value is { Length: > 0 } single)
        {
            return [single];
        }

        var texts = new List<string>();
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (string.IsNullOrWhiteSpace(child.Value))
            {
                faults.Add($"{child.Path} is not a text; give a list of texts.");
            }
            else
            {
                texts.Add(child.Value);
            }
        }

        return texts;
    }

    /// <summary>One text, or null where the key is missing.</summary>
    public static string? Text(IConfigurationSection section, ICollection<string> faults)
    {
        if (section.GetChildren().Any() || (section.Exists() && string.IsNullOrWhiteSpace(section.Value)))
        {
            faults.Add($"{section.Path} is not a text; give one value.");
            return null;
        }

        return section.Value;
    }

    /// <summary>The path of a key below a section or the root.</summary>
    public static string PathOf(IConfiguration section, string key) => section.GetSection(key).Path;

    private static void Set(IConfigurationSection child, object options, PropertyInfo property, ICollection<string> faults)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        bool isScalar = type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(decimal) || type == typeof(TimeSpan) || type == typeof(Uri);
        bool isList = !isScalar && typeof(System.Collections.IEnumerable).IsAssignableFrom(type);
        if (!isScalar && !isList)
        {
            object value = property.GetValue(options) ?? Activator.CreateInstance(type)!;
            Bind(child, value, faults);
            property.SetValue(options, value);
            return;
        }

        try
        {
            if (isScalar && child.GetChildren().Any())
            {
                throw new InvalidOperationException();
            }

            object? value = child.Get(property.PropertyType);
            if (value is null || (type.IsEnum && !Enum.IsDefined(type, value)))
            {
                throw new InvalidOperationException();
            }

            property.SetValue(options, value);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException)
        {
            string wanted = type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type)) : isList ? "a list" : $"a value of type {type.Name}";
            faults.Add($"{child.Path} is '{child.Value}'; give {wanted}.");
        }
    }
}
