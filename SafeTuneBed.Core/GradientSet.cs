using SafeTuneBed.Diagnostics;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed;

/// <summary>
/// One number for every trainable parameter: gradients apart from the optimizer's, or a difference of weights. Algebra over all of them at
/// once; the norm is one global L2 norm. Belongs to whoever asked for it.
/// </summary>
public sealed class GradientSet : IDisposable
{
    private readonly FlatParameters layout;

    internal GradientSet(FlatParameters layout, Tensor values) => (this.layout, Values) = (layout, values.DetachFromDisposeScope());

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
}

/// <summary>The trainable parameters at a moment. Put it into the state to keep it beyond the hook.</summary>
public sealed class ParameterSnapshot : IDisposable
{
    internal ParameterSnapshot(Tensor values) => Values = values.DetachFromDisposeScope();

    internal Tensor Values { get; }

    /// <summary>Frees the copy.</summary>
    public void Dispose() => Values.Dispose();
}

/// <summary>The trainable parameters as they are now.</summary>
public sealed class ParameterSet
{
    private readonly FlatParameters flat;

    internal ParameterSet(FlatParameters flat) => this.flat = flat;

    /// <summary>Names, such as <c>model.layers.0.self_attn.q_proj.lora_A</c>, in the order of the network.</summary>
    public IReadOnlyList<string> Names => flat.Names;

    /// <summary>How many numbers are trained.</summary>
    public long Count => flat.Count;

    /// <summary>The leaf tensor of a parameter.</summary>
    public Tensor this[string parameter] => flat[parameter];

    /// <summary>A copy of all values.</summary>
    public ParameterSnapshot Snapshot()
    {
        using var noGrad = no_grad();
        return new(flat.Values.clone());
    }

    /// <summary>Now minus then, as a new set.</summary>
    public GradientSet Minus(ParameterSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        using var noGrad = no_grad();
        return new(flat, flat.Values.sub(snapshot.Values));
    }

    /// <summary>Sets all values to those of the snapshot, to the bit.</summary>
    public void Restore(ParameterSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        using var noGrad = no_grad();
        flat.Values.copy_(snapshot.Values);
    }
}
