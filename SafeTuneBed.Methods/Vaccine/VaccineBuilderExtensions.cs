using SafeTuneBed.Methods;
using SafeTuneBed.Methods.Vaccine;

namespace SafeTuneBed;

/// <summary>Registers Vaccine.</summary>
public static class VaccineBuilderExtensions
{
    /// <summary>
    /// Adds the method <c>vaccine</c>, and its other name <c>vaccine-lora</c>. Its control comes along.
    /// </summary>
    public static ISafeTuneBedBuilder AddVaccine(
        this ISafeTuneBedBuilder builder, Action<VaccineOptions>? configure = null) =>
        builder.AddMethod<VaccineAlgorithm, VaccineOptions>("vaccine", configure)
            .AddExperimentOverlays([SandboxRecipes.ShortAlignment("vaccine")])
            .AddMethodAlias("vaccine-lora", "vaccine+lora")
            .AddRandomVaccine();
}
