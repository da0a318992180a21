using SafeTuneBed.Methods;
using SafeTuneBed.Methods.ScaleLora;

namespace SafeTuneBed;

/// <summary>Registers the control of SafeLoRA.</summary>
public static class ScaleLoraBuilderExtensions
{
    /// <summary>Adds the control <c>scale-lora</c>: by itself it is <c>lora+scale-lora</c>.</summary>
    public static ISafeTuneBedBuilder AddScaleLora(
        this ISafeTuneBedBuilder builder, Action<ScaleLoraOptions>? configure = null) =>
        builder.AddMethod<ScaleLoraAlgorithm, ScaleLoraOptions>("scale-lora", configure)
            .AddExperimentOverlays([SandboxRecipes.OneLayer("scale-lora")]);
}
