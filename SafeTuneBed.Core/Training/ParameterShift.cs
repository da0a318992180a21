using SafeTuneBed.Diagnostics;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>
/// Perturbed parameters, nested as they come. What is undone is a copy and not the sum's inverse: w + d - d differs from w in the last bit of some numbers.
/// </summary>
internal sealed class ShiftStack(FlatParameters parameters)
{
    private readonly Stack<Shift> open = new();

    /// <summary>Whether parameters are perturbed at present.</summary>
    public bool IsShifted => open.Count > 0;

    public IDisposable Push(GradientSet direction, double scale)
    {
        using var noGrad = no_grad();
        var shift = new Shift(this, parameters.Values.clone().DetachFromDisposeScope());
        open.Push(shift);
        try
        {
            parameters.Values.add_(direction.Values, alpha: KeptScalar.Of(scale));
        }
        catch
        {
            shift.Dispose();
            throw;
        }

        return shift;
    }

    /// <summary>Undoes everything.</summary>
    public void Clear()
    {
        if (open.Count > 0)
        {
            open.Last().Dispose();
        }
    }

    // An outer shift takes the inner ones with it: restoring them later would bring the outer perturbation back.
    private void End(Shift shift)
    {
        if (!open.Contains(shift))
        {
            return;
        }

        using var noGrad = no_grad();
        parameters.Values.copy_(shift.Before);
        while (open.TryPop(out Shift? inner))
        {
            inner.Before.Dispose();
            if (inner == shift)
            {
                break;
            }
        }
    }

    private sealed class Shift(ShiftStack stack, Tensor before) : IDisposable
    {
        public Tensor Before { get; } = before;

        public void Dispose() => stack.End(this);
    }
}
