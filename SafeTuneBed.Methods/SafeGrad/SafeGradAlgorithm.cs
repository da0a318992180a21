namespace SafeTuneBed.Methods.SafeGrad;

/// <summary>
/// SafeGrad (Yi et al. 2025, arXiv 2508.07172): where the gradient of the user's loss points against that of the
/// alignment loss, KL(reference || model) on the defender's rows, the part that does is taken out; then rho times the
/// alignment gradient is added.
/// </summary>
public sealed class SafeGradAlgorithm : MethodAlgorithm<SafeGradOptions>
{
    /// <inheritdoc/>
    public override MethodNeeds Needs => MethodNeeds.Stream("align").And(MethodNeeds.Reference);

    /// <inheritdoc/>
    protected override void ComputeGradients(TrainingStep step)
    {
        using GradientSet user = step.Gradients(step.Batch);
        using GradientSet align = step.Gradients(step.Stream("align").Next(), step.KlToReference);
        double dot = user.Dot(align), length = align.SquaredNorm();
        if (length > 0) // 0 at the start, where the model is the reference
        {
            step.Log("cosine", dot / (user.Norm() * Math.Sqrt(length)));
        }

        if (dot < 0)
        {
            user.AddScaled(align, -dot / length);
        }

        step.Accumulate(user);
        step.Accumulate(align, Options.Rho);
    }
}
