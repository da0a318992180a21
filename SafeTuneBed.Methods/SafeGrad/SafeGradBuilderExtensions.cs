using SafeTuneBed.Methods.SafeGrad;

namespace SafeTuneBed;

/// <summary>Registers SafeGrad.</summary>
public static class SafeGradBuilderExtensions
{
    /// <summary>Adds the method <c>safe-grad</c>.</summary>
    public static ISafeTuneBedBuilder AddSafeGrad(
        this ISafeTuneBedBuilder builder, Action<SafeGradOptions>? configure = null) =>
        builder.AddMethod<SafeGradAlgorithm, SafeGradOptions>("safe-grad", configure);
}
