using SafeTuneBed.Methods.Lisa;

namespace SafeTuneBed;

/// <summary>Registers LISA.</summary>
public static class LisaBuilderExtensions
{
    /// <summary>
    /// Adds the method <c>lisa</c>, with the lengths of its states on the seven real tasks and the pull that the
    /// sandbox's tiny model bears. Its control comes along.
    /// </summary>
    public static ISafeTuneBedBuilder AddLisa(
        this ISafeTuneBedBuilder builder, Action<LisaOptions>? configure = null) =>
        builder.AddMethod<LisaAlgorithm, LisaOptions>("lisa", configure).AddExperimentOverlays(AlternationRecipes.Lisa)
            .AddGuideMix();
}
