namespace SafeTuneBed;

/// <summary>Registers every method of this package.</summary>
public static class MethodsBuilderExtensions
{
    /// <summary>Adds the methods <c>lora</c>, <c>lisa</c> and <c>safe-lora</c>, and the controls <c>none</c>, <c>guide-mix</c> and <c>scale-lora</c>.</summary>
    public static ISafeTuneBedBuilder AddMethods(this ISafeTuneBedBuilder builder) => builder.AddNone().AddLora().AddLisa().AddGuideMix().AddSafeLora().AddScaleLora();
}
