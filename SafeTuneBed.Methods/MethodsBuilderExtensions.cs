namespace SafeTuneBed;

/// <summary>Registers every method of this package.</summary>
public static class MethodsBuilderExtensions
{
    /// <summary>
    /// Adds every defense of this package, and the controls <c>none</c>, <c>guide-mix</c>, <c>random-vaccine</c> and
    /// <c>scale-lora</c>.
    /// </summary>
    public static ISafeTuneBedBuilder AddMethods(this ISafeTuneBedBuilder builder) => builder
        .AddNone().AddLora().AddFull().AddLisa().AddGuideMix()
        .AddVaccine().AddRandomVaccine().AddBooster()
        .AddSafeGrad().AddConstrainedSft().AddSppft()
        .AddSafeLora().AddScaleLora().AddAntidote()
        .AddPtst().AddBea();
}
