using SafeTuneBed.Methods.Ptst;

namespace SafeTuneBed;

/// <summary>Registers PTST.</summary>
public static class PtstBuilderExtensions
{
    /// <summary>Adds the method <c>ptst</c>: by itself it is <c>ptst+lora</c>.</summary>
    public static ISafeTuneBedBuilder AddPtst(
        this ISafeTuneBedBuilder builder, Action<PtstOptions>? configure = null) =>
        builder.AddMethod<PtstAlgorithm, PtstOptions>("ptst", configure);
}
