using SafeTuneBed.Methods;
using SafeTuneBed.Methods.Booster;

namespace SafeTuneBed;

/// <summary>Registers Booster.</summary>
public static class BoosterBuilderExtensions
{
    /// <summary>Adds the method <c>booster</c>.</summary>
    public static ISafeTuneBedBuilder AddBooster(
        this ISafeTuneBedBuilder builder, Action<BoosterOptions>? configure = null) =>
        builder.AddMethod<BoosterAlgorithm, BoosterOptions>("booster", configure)
            .AddExperimentOverlays([SandboxRecipes.ShortAlignment("booster")]);
}
