using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Running;

/// <summary>Checks annotated options; all faults in one message.</summary>
internal static class OptionsValidation
{
    public static void Validate(object options, string owner)
    {
        var faults = new List<ValidationResult>();
        if (!Validator.TryValidateObject(options, new ValidationContext(options), faults, validateAllProperties: true))
        {
            throw new ConfigurationException($"The settings of {owner} are not valid: {string.Join(" ", faults.Select(f => Describe(options, f)))}");
        }
    }

    private static string Describe(object options, ValidationResult fault)
    {
        object? value = fault.MemberNames.FirstOrDefault() is { } name ? options.GetType().GetProperty(name)?.GetValue(options) : null;
        return FormattableString.Invariant($"{fault.ErrorMessage} (it is {value ?? "null"}).");
    }
}
