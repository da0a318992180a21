using TorchSharp;

namespace SafeTuneBed.Methods.Antidote;

/// <summary>
/// Antidote (Huang et al. 2024, arXiv 2408.09600): after the fine-tuning the numbers that matter most for harmful rows
/// are set to zero, in each row those with the largest |w_ij| ||x_j||, x the layer's inputs on such rows. The factors
/// of an adapter are layers of their own: A reads x, B reads A x.
/// </summary>
public sealed class AntidoteAlgorithm : MethodAlgorithm<AntidoteOptions>
{
    /// <inheritdoc/>
    public override MethodStage Stage => MethodStage.PostFineTuning;

    /// <inheritdoc/>
    public override MethodNeeds Needs => MethodNeeds.Stream("harmful");

    /// <inheritdoc/>
    protected override void TransformWeights(WeightTransformContext context)
    {
        foreach (var block in context.Targets.GroupBy(t => Options.Repropagate ? t.Layer : 0))
        {
            foreach (FactorInputs inputs in context.SumInputSquares("harmful", block))
            {
                using var scope = torch.NewDisposeScope();
                inputs.Target.ReplaceA(Without(inputs.Target.A, inputs.OfA));
                inputs.Target.ReplaceB(Without(inputs.Target.B, inputs.OfB));
            }
        }
    }

    // The weight with the highest scores of each row at zero; of equal ones the first.
    private torch.Tensor Without(torch.Tensor weight, IReadOnlyList<double> squares)
    {
        torch.Tensor norms = torch.tensor([.. squares.Select(s => Options.WeighsInputs ? (float)Math.Sqrt(s) : 1)]);
        (_, torch.Tensor order) = weight.abs().mul(norms).sort(1, descending: true, stable: true);
        torch.Tensor highest = order.narrow(1, 0, Options.ZeroedOf(weight.shape[1]));
        return weight.scatter(1, highest, torch.zeros_like(highest, torch.ScalarType.Float32));
    }
}
