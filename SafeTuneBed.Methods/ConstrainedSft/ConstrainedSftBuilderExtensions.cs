using SafeTuneBed.Methods.ConstrainedSft;

namespace SafeTuneBed;

/// <summary>Registers constrained fine-tuning.</summary>
public static class ConstrainedSftBuilderExtensions
{
    /// <summary>Adds the method <c>constrained-sft</c>.</summary>
    public static ISafeTuneBedBuilder AddConstrainedSft(
        this ISafeTuneBedBuilder builder, Action<ConstrainedSftOptions>? configure = null) =>
        builder.AddMethod<ConstrainedSftAlgorithm, ConstrainedSftOptions>("constrained-sft", configure);
}
