using System.Reflection;
using System.Text.RegularExpressions;

namespace SafeTuneBed;

/// <summary>Registers the methods of somebody's own assembly without naming them.</summary>
public static partial class MethodDiscoveryExtensions
{
    private const string Suffix = "Algorithm";

    /// <summary>
    /// Registers every public, concrete subclass of <see cref="MethodAlgorithm"/> of an assembly, with its options where it has some. The name is the class's in
    /// lower-kebab without <c>Algorithm</c>: <c>TakeTurnsAlgorithm</c> is <c>take-turns</c>. What is registered already stays as it is; a later <c>AddMethod</c> configures.
    /// </summary>
    /// <exception cref="ConfigurationException">There is no such class in the assembly, or a name belongs to another class.</exception>
    public static ISafeTuneBedBuilder AddMethodsFrom(this ISafeTuneBedBuilder builder, Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(assembly);
        Type[] found = [.. assembly.GetExportedTypes().Where(t => t is { IsAbstract: false, ContainsGenericParameters: false } && t.IsSubclassOf(typeof(MethodAlgorithm))).OrderBy(t => t.FullName, StringComparer.Ordinal)];
        if (found.Length == 0)
        {
            throw new ConfigurationException($"The assembly {assembly.GetName().Name} has no public class that derives from {nameof(MethodAlgorithm)}.");
        }

        foreach (Type type in found)
        {
            Type[] arguments = OptionsOf(type) is { } options ? [type, options] : [type];
            object?[] values = arguments.Length == 1 ? [builder, NameOf(type)] : [builder, NameOf(type), null];
            MethodInfo add = typeof(SafeTuneBedBuilderExtensions).GetMethods()
                .First(m => m.Name == nameof(SafeTuneBedBuilderExtensions.AddMethod) && m.GetGenericArguments().Length == arguments.Length);
            add.MakeGenericMethod(arguments).Invoke(null, BindingFlags.DoNotWrapExceptions, null, values, null);
        }

        return builder;
    }

    private static Type? OptionsOf(Type type)
    {
        for (Type? above = type.BaseType; above is not null; above = above.BaseType)
        {
            if (above.IsGenericType && above.GetGenericTypeDefinition() == typeof(MethodAlgorithm<>))
            {
                return above.GetGenericArguments()[0];
            }
        }

        return null;
    }

    private static string NameOf(Type type)
    {
        string name = type.Name.Length > Suffix.Length && type.Name.EndsWith(Suffix, StringComparison.Ordinal) ? type.Name[..^Suffix.Length] : type.Name;
        return Border().Replace(name, "-").Replace('_', '-').ToLowerInvariant();
    }

    // Between words: before a capital that follows a small letter or digit, and before the last capital of several: T-Vaccine, KL-Pull.
    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Border();
}
