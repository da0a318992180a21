namespace SafeTuneBed;

/// <summary>Registers every method of this package.</summary>
public static class MethodsBuilderExtensions
{
    /// <summary>Adds the methods <c>lora</c>, <c>lisa</c>, <c>vaccine</c> and <c>random-vaccine</c>, and the controls <c>none</c> and <c>guide-mix</c>.</summary>
    public static ISafeTuneBedBuilder AddMethods(this ISafeTuneBedBuilder builder) => builder.AddNone().AddLora().AddLisa().AddGuideMix().AddVaccine().AddRandomVaccine();
}
