using SafeTuneBed.Methods.Bea;

namespace SafeTuneBed;

/// <summary>Registers BEA.</summary>
public static class BeaBuilderExtensions
{
    /// <summary>
    /// Adds the method <c>bea</c>: by itself it is <c>bea+lora</c>. On the sandbox, whose context is 160 tokens, the
    /// secret has 8.
    /// </summary>
    public static ISafeTuneBedBuilder AddBea(this ISafeTuneBedBuilder builder, Action<BeaOptions>? configure = null) =>
        builder.AddMethod<BeaAlgorithm, BeaOptions>("bea", configure).AddExperimentOverlays(BeaRecipes.Sandbox);
}
