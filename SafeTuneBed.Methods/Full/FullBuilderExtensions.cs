using SafeTuneBed.Methods.Full;

namespace SafeTuneBed;

/// <summary>Registers full fine-tuning.</summary>
public static class FullBuilderExtensions
{
    /// <summary>
    /// Adds the method <c>full</c>, with learning rates for all weights on the tasks that bring their own for adapters.
    /// </summary>
    public static ISafeTuneBedBuilder AddFull(this ISafeTuneBedBuilder builder) =>
        builder.AddMethod<FullAlgorithm>("full").AddExperimentOverlays(FullRecipes.All);
}
