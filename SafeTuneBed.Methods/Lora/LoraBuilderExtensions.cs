using SafeTuneBed.Methods.Lora;

namespace SafeTuneBed;

/// <summary>Registers plain LoRA.</summary>
public static class LoraBuilderExtensions
{
    /// <summary>
    /// Adds the method <c>lora</c>; <paramref name="configure"/> sets the adapters of every run of the bed.
    /// </summary>
    public static ISafeTuneBedBuilder AddLora(this ISafeTuneBedBuilder builder, Action<LoraOptions>? configure = null)
    {
        if (configure is not null)
        {
            builder.ConfigureLora(configure);
        }

        return builder.AddMethod<LoraAlgorithm>("lora");
    }
}
