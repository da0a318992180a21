using TorchSharp;

namespace SafeTuneBed.Methods.SafeLora;

/// <summary>
/// SafeLoRA (Hsu et al. 2024, arXiv 2405.16833): after the fine-tuning, layers whose update B A points away from what
/// alignment changed get C B in the place of B. With V = aligned - base weight, C = V Vᵀ / ‖V‖ stands in for the
/// projector onto V's columns. A stays as it is.
/// </summary>
/// <remarks>C itself, [out, out], is never formed: C B = V (Vᵀ B) / ‖V‖.</remarks>
public sealed class SafeLoraAlgorithm : MethodAlgorithm<SafeLoraOptions>
{
    /// <inheritdoc/>
    public override MethodStage Stage => MethodStage.PostFineTuning;

    /// <inheritdoc/>
    public override string Control => "scale-lora";

    /// <inheritdoc/>
    public override MethodNeeds Needs => MethodNeeds.Companion(ModelCompanion.Base);

    /// <inheritdoc/>
    protected override void TransformWeights(WeightTransformContext context) =>
        Apply(context, Options, layer => layer.Projected.alias());

    /// <summary>Measures, chooses, changes and reports, with another B for each chosen layer.</summary>
    internal static void Apply(
        WeightTransformContext context, ProjectionOptions options, Func<LayerProjection, torch.Tensor> change)
    {
        ArgumentNullException.ThrowIfNull(context);
        IReadOnlyList<LayerProjection> layers = LayerProjection.Measure(context, options);
        try
        {
            IReadOnlyList<LayerProjection> chosen = LayerProjection.Choose(layers, options, out double threshold);
            foreach (LayerProjection layer in layers)
            {
                layer.Target.Report("projected", chosen.Contains(layer) ? 1 : 0);
            }

            foreach (LayerProjection layer in chosen)
            {
                using torch.Tensor changed = change(layer);
                layer.Target.ReplaceB(changed);
            }

            context.Report("projected", chosen.Count);
            context.Report("threshold", threshold);
            context.Report("pdst", layers.Count == 0 ? double.NaN : layers.Average(Closeness));
        }
        finally
        {
            foreach (LayerProjection layer in layers)
            {
                layer.Dispose();
            }
        }
    }

    // The authors' figure: 1 / (1 + distance of B, as it now is, from its projection).
    private static double Closeness(LayerProjection layer)
    {
        using torch.Tensor difference = layer.Target.B.sub(layer.Projected);
        using torch.Tensor distance = difference.norm();
        return 1 / (1 + (double)distance.item<float>());
    }
}
