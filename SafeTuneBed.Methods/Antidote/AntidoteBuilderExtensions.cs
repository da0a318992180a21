using SafeTuneBed.Methods.Antidote;

namespace SafeTuneBed;

/// <summary>Registers Antidote.</summary>
public static class AntidoteBuilderExtensions
{
    /// <summary>Adds the method <c>antidote</c>.</summary>
    public static ISafeTuneBedBuilder AddAntidote(
        this ISafeTuneBedBuilder builder, Action<AntidoteOptions>? configure = null) =>
        builder.AddMethod<AntidoteAlgorithm, AntidoteOptions>("antidote", configure);
}
