using SafeTuneBed.Methods;
using SafeTuneBed.Methods.SafeLora;

namespace SafeTuneBed;

/// <summary>Registers SafeLoRA.</summary>
public static class SafeLoraBuilderExtensions
{
    /// <summary>
    /// Adds the method <c>safe-lora</c>: by itself it is <c>lora+safe-lora</c>. Its control comes along.
    /// </summary>
    public static ISafeTuneBedBuilder AddSafeLora(
        this ISafeTuneBedBuilder builder, Action<SafeLoraOptions>? configure = null) =>
        builder.AddMethod<SafeLoraAlgorithm, SafeLoraOptions>("safe-lora", configure)
            .AddExperimentOverlays([SandboxRecipes.OneLayer("safe-lora")])
            .AddScaleLora();
}
