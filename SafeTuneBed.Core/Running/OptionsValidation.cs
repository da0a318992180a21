using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace SafeTuneBed.Running;

/// <summary>Checks annotated options; all faults in one message.</summary>
internal static class OptionsValidation
{
    /// <summary>Throws when there is any fault.</summary>
    public static void Validate(object options, string owner)
    {
        if (Faults(options, owner) is [{ } fault])
        {
            throw new ConfigurationException(fault);
        }
    }

    /// <summary>Nothing, or one text with all faults of these options.</summary>
    public static IReadOnlyList<string> Faults(object options, string owner)
    {
        var faults = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), faults, validateAllProperties: true);
        List<string> texts = [.. faults.Select(f => Describe(options, f))];
        foreach (PropertyInfo property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0))
        {
            object? value = property.GetValue(options);
            if (value is Enum and not null && !Enum.IsDefined(value.GetType(), value) && !value.GetType().IsDefined(typeof(FlagsAttribute), false))
            {
                texts.Add($"{property.Name} is {((Enum)value).ToString("D")}; use one of {string.Join(", ", Enum.GetNames(value.GetType()))}.");
            }
        }

        if (options is LoraOptions { TargetModules: { } targets } && (targets.Count == 0 || targets.Any(string.IsNullOrWhiteSpace)))
        {
            texts.Add("TargetModules is empty or holds an empty name; give module names such as q_proj, or all-linear.");
        }

        return texts.Count == 0 ? [] : [$"The settings of {owner} are not valid: {string.Join(" ", texts)}"];
    }

    private static string Describe(object options, ValidationResult fault)
    {
        object? value = fault.MemberNames.FirstOrDefault() is { } name ? options.GetType().GetProperty(name)?.GetValue(options) : null;
        return FormattableString.Invariant($"{fault.ErrorMessage} (it is {value ?? "null"}).");
    }
}
