namespace SafeTuneBed.Methods.None;

/// <summary>
/// The control <c>none</c>: the aligned model untouched. First row of every table; what it shows no method did.
/// </summary>
public sealed class NoneAlgorithm : MethodAlgorithm
{
    /// <inheritdoc/>
    public override bool Trains => false;

    /// <inheritdoc/>
    public override Task<ModelArtifact> TrainAsync(TrainingContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Task.FromResult(context.Untouched());
    }
}
