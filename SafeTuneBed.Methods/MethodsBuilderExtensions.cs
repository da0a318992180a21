namespace SafeTuneBed;

/// <summary>Registers every method of this package.</summary>
public static class MethodsBuilderExtensions
{
    /// <summary>Adds the control <c>none</c> and the method <c>lora</c>.</summary>
    public static ISafeTuneBedBuilder AddMethods(this ISafeTuneBedBuilder builder) => builder.AddNone().AddLora();
}
