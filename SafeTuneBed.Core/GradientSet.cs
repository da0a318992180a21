using SafeTuneBed.Diagnostics;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed;

/// <summary>
/// One number for every trainable parameter: gradients apart from the optimizer's, or a difference of weights. Algebra over all of them at
/// once; the norm is one global L2 norm. It is freed with the hook that made it, at the latest; the run's State keeps it longer.
/// </summary>
public sealed class GradientSet : IDisposable
{
    private readonly FlatParameters layout;

    internal GradientSet(FlatParameters layout, Tensor values) => (this.layout, Values) = (layout, values);

    /// <summary>All numbers, flat, f32.</summary>
    internal Tensor Values { get; }

    /// <summary>The part of one parameter, in its shape. A view: changing it changes the set.</summary>
    public Tensor this[string parameter] => layout.Part(Values, parameter);

    /// <summary>this += scale * other.</summary>
    public void AddScaled(GradientSet other, double scale)
    {
        ArgumentNullException.ThrowIfNull(other);
        Values.add_(other.Values, alpha: KeptScalar.Of(scale));
    }

    /// <summary>this *= scale.</summary>
    public void Scale(double scale) => Values.mul_(KeptScalar.Of(scale));

    /// <summary>Sum of products.</summary>
    public double Dot(GradientSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        using Tensor dot = Values.dot(other.Values);
        return dot.item<float>();
    }

    /// <summary>The square of <see cref="Norm"/>.</summary>
    public double SquaredNorm() => Dot(this);

    /// <summary>The L2 norm over all parameters.</summary>
    public double Norm()
    {
        using Tensor norm = Values.norm();
        return norm.item<float>();
    }

    /// <summary>this minus other, as a new set.</summary>
    public GradientSet Minus(GradientSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new(layout, Values.sub(other.Values));
    }

    /// <summary>A copy.</summary>
    public GradientSet Clone() => new(layout, Values.clone());

    /// <summary>Frees the numbers.</summary>
    public void Dispose() => Values.Dispose();

    /// <summary>From now on the caller frees it, not the hook's scope.</summary>
    internal GradientSet Keep()
    {
        Values.DetachFromDisposeScope();
        return this;
    }
}

/// <summary>The trainable parameters at a moment. It is freed with the hook that made it, at the latest; the run's State keeps it longer.</summary>
public sealed class ParameterSnapshot : IDisposable
{
    internal ParameterSnapshot(Tensor values) => Values = values;

    internal Tensor Values { get; }

    /// <summary>Frees the copy.</summary>
    public void Dispose() => Values.Dispose();

    /// <summary>From now on the caller frees it, not the hook's scope.</summary>
    internal ParameterSnapshot Keep()
    {
        Values.DetachFromDisposeScope();
        return this;
    }
}
