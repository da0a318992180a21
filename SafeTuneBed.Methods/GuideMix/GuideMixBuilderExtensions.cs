using SafeTuneBed.Methods.GuideMix;
using SafeTuneBed.Methods.Lisa;

namespace SafeTuneBed;

/// <summary>Registers the control <c>guide-mix</c>.</summary>
public static class GuideMixBuilderExtensions
{
    /// <summary>Adds the control <c>guide-mix</c>: plain LoRA on LISA's rows.</summary>
    public static ISafeTuneBedBuilder AddGuideMix(
        this ISafeTuneBedBuilder builder, Action<GuideMixOptions>? configure = null) =>
        builder.AddMethod<GuideMixAlgorithm, GuideMixOptions>("guide-mix", configure)
            .AddExperimentOverlays(AlternationRecipes.GuideMix);
}
