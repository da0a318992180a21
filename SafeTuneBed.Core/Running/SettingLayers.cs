using System.Collections;
using System.Reflection;

namespace SafeTuneBed.Running;

/// <summary>Lays settings over one another and remembers which layer each value came from.</summary>
internal static class SettingLayers
{
    public const string Default = "default";
    public const string Recipe = "task recipe";
    public const string Overlay = "method overlay";
    public const string Configuration = "configuration";
    public const string Builder = "builder";
    public const string Grid = "grid";
    public const string Model = "model";

    // Of each pair the first silently overrides the second within one layer, so a higher layer that sets the second alone must clear the first.
    private static readonly (string Strong, string Weak)[] Alternatives = [("Steps", "Epochs"), ("WarmupSteps", "WarmupRatio"), ("TargetPattern", "TargetModules"), ("ExcludePattern", "ExcludeModules")];

    /// <summary>Resolves nullable options of several layers, lowest first, into a config whose properties have the same names.</summary>
    public static TConfig Resolve<TOptions, TConfig>(string path, IReadOnlyList<(string Layer, TOptions? Options)> layers, IDictionary<string, string> origins)
        where TOptions : class
        where TConfig : new()
    {
        var config = new TConfig();
        PropertyInfo[] properties = typeof(TOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance);
        foreach (PropertyInfo property in properties)
        {
            origins[$"{path}:{property.Name}"] = Default;
        }

        foreach (var (layer, options) in layers)
        {
            if (options is null)
            {
                continue;
            }

            Dictionary<string, object> given = properties.Select(p => (p.Name, Value: p.GetValue(options))).Where(p => p.Value is not null).ToDictionary(p => p.Name, p => p.Value!);
            foreach (var (strong, weak) in Alternatives)
            {
                if (given.ContainsKey(weak) && !given.ContainsKey(strong))
                {
                    typeof(TConfig).GetProperty(strong)!.SetValue(config, null);
                    origins[$"{path}:{strong}"] = layer;
                }
            }

            foreach (var (name, value) in given)
            {
                PropertyInfo target = typeof(TConfig).GetProperty(name)
                    ?? throw new InvalidOperationException($"{typeof(TConfig).Name} has no property {name}.");
                target.SetValue(config, value is IReadOnlyList<string> list ? list.ToArray() : value);
                origins[$"{path}:{name}"] = layer;
            }
        }

        return config;
    }

    /// <summary>Lays the values that are given over those of the same object; of two alternatives the one that is given holds.</summary>
    public static void Lay<TOptions>(TOptions below, TOptions? given)
        where TOptions : class
    {
        foreach (PropertyInfo property in given is null ? [] : typeof(TOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetValue(given) is not { } value)
            {
                continue;
            }

            property.SetValue(below, value);
            foreach (var (strong, _) in Alternatives.Where(a => a.Weak == property.Name && typeof(TOptions).GetProperty(a.Strong)!.GetValue(given) is null))
            {
                typeof(TOptions).GetProperty(strong)!.SetValue(below, null);
            }
        }
    }

    /// <summary>Tells for each property of <paramref name="final"/> which layer set it: the builder, where it differs from the layers below.</summary>
    public static void AddOrigins(string path, IReadOnlyList<(string Layer, object Options)> below, object final, IDictionary<string, string> origins)
    {
        foreach (PropertyInfo property in final.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanRead && p.GetIndexParameters().Length == 0))
        {
            string origin = Default;
            object? value = below.Count > 0 ? property.GetValue(below[0].Options) : null;
            foreach (var (layer, options) in below.Skip(1).Append((Builder, final)))
            {
                object? next = property.GetValue(options);
                if (!AreEqual(value, next))
                {
                    (origin, value) = (layer, next);
                }
            }

            origins[$"{path}:{property.Name}"] = origin;
        }
    }

    /// <summary>Equality of two values, of lists item by item.</summary>
    public static bool AreEqual(object? a, object? b) =>
        Equals(a, b) || (a is IEnumerable x && b is IEnumerable y && x.Cast<object?>().SequenceEqual(y.Cast<object?>()));
}
