using TorchSharp;

namespace SafeTuneBed.Methods.Antidote;

/// <summary>
/// Antidote (Huang et al. 2024, arXiv 2408.09600): after the fine-tuning the numbers that matter most for harmful rows
/// are set to zero, in each row those with the largest |w_ij| ||x_j||, x the layer's inputs on such rows. The factors of
/// an adapter are layers of their own: A reads x, B reads A x.
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
        foreach (WeightTarget target in context.Targets.Where(t => t.Layer is null))
        {
            target.Skip("it is in no block");
        }

        foreach (var block in context.Targets.Where(t => t.Layer is not null).GroupBy(t => Options.Repropagate ? t.Layer : 0))
        {
            var sums = block.ToDictionary(t => t, t => (X: new double[t.A.shape[1]], Low: new double[t.A.shape[0]]));
            context.ReadInputs("harmful", block, (target, x) =>
            {
                Add(sums[target].X, x);
                Add(sums[target].Low, x.mm(target.A.t().to(x.device)));
            });
            foreach (WeightTarget target in block)
            {
                using var scope = torch.NewDisposeScope();
                target.ReplaceA(Without(target.A, sums[target].X));
                target.ReplaceB(Without(target.B, sums[target].Low));
            }
        }
    }

    private static void Add(double[] sums, torch.Tensor x)
    {
        float[] squares = x.mul(x).sum([0L]).cpu().data<float>().ToArray();
        for (int j = 0; j < sums.Length; j++)
        {
            sums[j] += squares[j];
        }
    }

    // The weight with the highest scores of each row at zero; of equal ones the first.
    private torch.Tensor Without(torch.Tensor weight, double[] squares)
    {
        torch.Tensor norms = torch.tensor([.. squares.Select(s => Options.WeighsInputs ? (float)Math.Sqrt(s) : 1)]);
        (_, torch.Tensor order) = weight.abs().mul(norms).sort(1, descending: true, stable: true);
        torch.Tensor highest = order.narrow(1, 0, Options.ZeroedOf(weight.shape[1]));
        return weight.scatter(1, highest, torch.zeros_like(highest, torch.ScalarType.Float32));
    }
}
