using SafeTuneBed.Methods;
using SafeTuneBed.Methods.RandomVaccine;

namespace SafeTuneBed;

/// <summary>Registers the ablation of Vaccine.</summary>
public static class RandomVaccineBuilderExtensions
{
    /// <summary>Adds the method <c>random-vaccine</c>.</summary>
    public static ISafeTuneBedBuilder AddRandomVaccine(
        this ISafeTuneBedBuilder builder, Action<RandomVaccineOptions>? configure = null) =>
        builder.AddMethod<RandomVaccineAlgorithm, RandomVaccineOptions>("random-vaccine", configure)
            .AddExperimentOverlays([SandboxRecipes.ShortAlignment("random-vaccine")]);
}
