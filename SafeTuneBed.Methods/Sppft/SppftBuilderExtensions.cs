using SafeTuneBed.Methods.Sppft;

namespace SafeTuneBed;

/// <summary>Registers safely partial-parameter fine-tuning.</summary>
public static class SppftBuilderExtensions
{
    /// <summary>Adds the method <c>sppft</c>.</summary>
    public static ISafeTuneBedBuilder AddSppft(
        this ISafeTuneBedBuilder builder, Action<SppftOptions>? configure = null) =>
        builder.AddMethod<SppftAlgorithm, SppftOptions>("sppft", configure);
}
