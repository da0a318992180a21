using static TorchSharp.torch;

namespace SafeTuneBed.Methods.SafeLora;

/// <summary>One layer's update B A and what becomes of it when B is projected.</summary>
/// <param name="Target">The layer.</param>
/// <param name="Projected">C B, [out, r].</param>
/// <param name="Cosine">Of C B A and B A, rounded to 5 digits as published, so that ties fall alike.</param>
/// <param name="Ratio">‖C B‖ / ‖B‖.</param>
internal sealed record LayerProjection(WeightTarget Target, Tensor Projected, double Cosine, double Ratio) : IDisposable
{
    private const int Digits = 5;

    /// <summary>
    /// Measures every layer that alignment changed; the others are skipped and told. Weights are read one layer at a
    /// time.
    /// </summary>
    public static IReadOnlyList<LayerProjection> Measure(WeightTransformContext context, ProjectionOptions options) =>
        [.. context.ForEach(target => Of(target, options.Projector)).OfType<LayerProjection>()];

    /// <summary>
    /// The layers to change: those with a cosine up to the threshold, which in the mode by number is the k-th smallest
    /// cosine.
    /// </summary>
    /// <param name="layers">What was measured.</param>
    /// <param name="options">How to choose.</param>
    /// <param name="threshold">The threshold in force; not a number where no layer is to be changed.</param>
    public static IReadOnlyList<LayerProjection> Choose(
        IReadOnlyList<LayerProjection> layers, ProjectionOptions options, out double threshold)
    {
        double[] cosines = [.. layers.Select(l => l.Cosine).Order()];
        threshold = options.Mode == ProjectionMode.Threshold ? options.Threshold
            : options.Number == 0 || cosines.Length == 0 ? double.NaN
            : cosines[Math.Min(options.Number, cosines.Length) - 1];
        double limit = threshold;
        return [.. layers.Where(l => l.Cosine <= limit)];
    }

    public void Dispose() => Projected.Dispose();

    private static LayerProjection? Of(WeightTarget target, AlignmentProjector projector)
    {
        Tensor v_OI = target.ReadAligned().sub(target.ReadCompanion(ModelCompanion.Base)), b_OR = target.B;
        double alignment = v_OI.norm().item<float>(), size = b_OR.norm().item<float>();
        target.Report("alignment-norm", alignment);
        if (alignment == 0)
        {
            target.Skip("alignment did not change this layer: there is no direction to project onto");
            return null;
        }

        Tensor projected_OR = projector == AlignmentProjector.Approximate
            ? v_OI.mm(v_OI.t().mm(b_OR)).div(tensor(alignment, ScalarType.Float32))
            : Span(v_OI) is var u_OK ? u_OK.mm(u_OK.t().mm(b_OR)) : b_OR;
        double cosine = CosineOf(projected_OR, b_OR, target.A);
        if (!double.IsFinite(cosine))
        {
            target.Skip("the update is zero, or its projection is: there is nothing to compare");
            return null;
        }

        double ratio = projected_OR.norm().item<float>() / size;
        target.Report("cosine", cosine);
        target.Report("shrinkage", ratio);
        return new LayerProjection(target, projected_OR.DetachFromDisposeScope(), Math.Round(cosine, Digits), ratio);
    }

    // cos(X A, Y A) by r x r products alone: <X A, Y A> = tr(Xᵀ Y A Aᵀ).
    private static double CosineOf(Tensor x_OR, Tensor y_OR, Tensor a_RI)
    {
        Tensor x = x_OR.to(ScalarType.Float64), y = y_OR.to(ScalarType.Float64), a = a_RI.to(ScalarType.Float64);
        Tensor gram_RR = a.mm(a.t()); // its own transpose
        double Inner(Tensor left, Tensor right) => left.t().mm(right).mul(gram_RR).sum().item<double>();
        return Inner(x, y) / Math.Sqrt(Inner(x, x) * Inner(y, y));
    }

    // Left singular vectors up to the numerical rank, [out, rank].
    private static Tensor Span(Tensor v_OI)
    {
        (Tensor u, Tensor s, _) = linalg.svd(v_OI, fullMatrices: false);
        float[] values = s.data<float>().ToArray();
        const float Epsilon = 1.1920929e-7f; // of f32, as numpy's matrix_rank has it
        float least = values[0] * Math.Max(v_OI.shape[0], v_OI.shape[1]) * Epsilon;
        return u.narrow(1, 0, values.Count(x => x > least));
    }
}
