using SafeTuneBed.Methods.Vaccine;

namespace SafeTuneBed;

/// <summary>Registers Vaccine.</summary>
public static class VaccineBuilderExtensions
{
    /// <summary>Adds the method <c>vaccine</c>, and its other name <c>vaccine-lora</c>.</summary>
    public static ISafeTuneBedBuilder AddVaccine(this ISafeTuneBedBuilder builder, Action<VaccineOptions>? configure = null) =>
        builder.AddMethod<VaccineAlgorithm, VaccineOptions>("vaccine", configure).AddMethodAlias("vaccine-lora", "vaccine+lora");
}
