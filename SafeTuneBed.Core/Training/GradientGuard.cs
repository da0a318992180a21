using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>
/// Compares the optimizer's gradients with what the loop's own verbs left in them, so that a method which writes to them directly is seen. A copy of the trainable numbers at
/// each verb: for the conformance battery, not for runs.
/// </summary>
internal sealed class GradientGuard(FlatParameters parameters, Action touched) : IDisposable
{
    private readonly Tensor known = zeros_like(parameters.Gradients).DetachFromDisposeScope();
    private bool isNoted;

    /// <summary>What is there now is right.</summary>
    public void Note()
    {
        using var noGrad = no_grad();
        known.copy_(parameters.Gradients);
        isNoted = true;
    }

    /// <summary>Tells when what is there is not what was noted. Frozen parts are left out, and gradients that are not finite.</summary>
    public void Check()
    {
        if (!isNoted)
        {
            return;
        }

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (FlatRange range in parameters.ActiveRanges())
        {
            Tensor difference = parameters.Gradients.narrow(0, range.Offset, range.Length).sub(known.narrow(0, range.Offset, range.Length)).abs().max();
            if (difference.item<float>() > 0)
            {
                touched();
                Note();
                return;
            }
        }
    }

    public void Dispose() => known.Dispose();
}
