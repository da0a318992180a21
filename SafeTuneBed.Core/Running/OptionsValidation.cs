using System.ComponentModel.DataAnnotations;
using System.Globalization;
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
        var texts = new List<string>();
        foreach (PropertyInfo property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanRead && p.GetIndexParameters().Length == 0))
        {
            object? value = property.GetValue(options);
            var context = new ValidationContext(options) { MemberName = property.Name };
            texts.AddRange(property.GetCustomAttributes<ValidationAttribute>(inherit: true)
                .Select(a => Check(a, value, context))
                .OfType<string>()
                .Select(text => FormattableString.Invariant($"{text} (it is {value ?? "null"}).")));
            if (value is Enum named && !Enum.IsDefined(named.GetType(), named) && !named.GetType().IsDefined(typeof(FlagsAttribute), false))
            {
                texts.Add($"{property.Name} is {named.ToString("D")}; use one of {string.Join(", ", Enum.GetNames(named.GetType()))}.");
            }
        }

        if (options is IValidatableObject own)
        {
            texts.AddRange(own.Validate(new ValidationContext(options)).Select(f => f.ErrorMessage ?? "A check of its own failed."));
        }

        if (options is LoraOptions lora)
        {
            texts.AddRange(LoraOptionsCheck.Faults(lora));
        }

        if (options is AlignmentOptions alignment)
        {
            texts.AddRange(Faults(alignment.Training, "its own Training").Concat(Faults(alignment.Lora, "its own Lora")));
        }

        return texts.Count == 0 ? [] : [$"The settings of {owner} are not valid: {string.Join(" ", texts)}"];
    }

    private static string? Check(ValidationAttribute attribute, object? value, ValidationContext context)
    {
        if (attribute is RangeAttribute { Minimum: IConvertible low, Maximum: IConvertible high } range && value is double or float or Half or decimal)
        {
            // A range written with whole numbers would round the value before it compares: -0.3 would be 0 and pass.
            double number = Convert.ToDouble(value is Half half ? (double)half : value, CultureInfo.InvariantCulture);
            double least = low.ToDouble(CultureInfo.InvariantCulture), most = high.ToDouble(CultureInfo.InvariantCulture);
            bool inside = (range.MinimumIsExclusive ? number > least : number >= least) && (range.MaximumIsExclusive ? number < most : number <= most);
            return inside ? null : range.FormatErrorMessage(context.MemberName!);
        }

        return attribute.GetValidationResult(value, context)?.ErrorMessage;
    }
}
