using SafeTuneBed.Methods.SafeLora;
using TorchSharp;

namespace SafeTuneBed.Methods.ScaleLora;

/// <summary>
/// The control of SafeLoRA: on the layers that it would change B is multiplied by ‖C B‖ / ‖B‖, so that it gets
/// SafeLoRA's size and keeps its direction. What SafeLoRA does beyond this, its projection does; what this does too, a
/// smaller update does.
/// </summary>
public sealed class ScaleLoraAlgorithm : MethodAlgorithm<ScaleLoraOptions>
{
    /// <inheritdoc/>
    public override MethodStage Stage => MethodStage.PostFineTuning;

    /// <inheritdoc/>
    public override MethodNeeds Needs => MethodNeeds.Companion(ModelCompanion.Base);

    /// <inheritdoc/>
    protected override void TransformWeights(WeightTransformContext context) => SafeLoraAlgorithm.Apply(
        context,
        Options,
        layer =>
        {
            using torch.Tensor ratio = torch.tensor(layer.Ratio, torch.ScalarType.Float32);
            return layer.Target.B.mul(ratio);
        });
}
