using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>
/// All trainable parameters in one contiguous f32 buffer, their gradients in another; each parameter is a leaf view, and backward adds into
/// its part of the gradient buffer in place. Norm, clipping, snapshots and the optimizer are then single operations.
/// </summary>
/// <remarks>Each parameter begins on a 64-byte border; the gaps hold zeros, whose gradients and moments stay zero.</remarks>
internal sealed class FlatParameters : IDisposable
{
    private const int Alignment = 16; // elements: 64 bytes of f32

    private readonly List<Segment> segments = [];

    public FlatParameters(IReadOnlyList<(string Name, long[] Shape)> parameters, Device device)
    {
        long offset = 0;
        foreach ((string name, long[] shape) in parameters)
        {
            long size = shape.Aggregate(1L, (a, b) => checked(a * b));
            segments.Add(new Segment(name, shape, offset, size));
            offset += (size + Alignment - 1) / Alignment * Alignment;
        }

        Values = zeros(offset, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        Gradients = zeros(offset, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        using var scope = NewDisposeScope();
        foreach (Segment segment in segments)
        {
            segment.View = Slice(Values, segment).detach().requires_grad_(true).DetachFromDisposeScope();
        }

        LinkGradients(Gradients);
    }

    /// <summary>All values, [n].</summary>
    public Tensor Values { get; }

    /// <summary>All gradients, [n].</summary>
    public Tensor Gradients { get; }

    public IReadOnlyList<string> Names => segments.ConvertAll(s => s.Name);

    /// <summary>Trainable numbers, gaps not counted.</summary>
    public long Count => segments.Sum(s => s.Size);

    /// <summary>The leaf of a parameter.</summary>
    public Tensor this[string name] => Find(name).View!;

    /// <summary>The part of a flat buffer that belongs to a parameter, in its shape. A new handle.</summary>
    public Tensor Part(Tensor flat, string name) => Slice(flat, Find(name));

    /// <summary>From now on backward adds into this buffer (of the shape of <see cref="Gradients"/>).</summary>
    public void LinkGradients(Tensor buffer)
    {
        foreach (Segment segment in segments)
        {
            segment.Gradient?.Dispose();
            segment.Gradient = Slice(buffer, segment).DetachFromDisposeScope();
            segment.View!.grad = segment.Gradient;
        }
    }

    /// <summary>The global L2 norm of all gradients.</summary>
    public double GradientNorm()
    {
        using Tensor norm = Gradients.norm();
        return norm.item<float>();
    }

    public void Dispose()
    {
        foreach (Segment segment in segments)
        {
            segment.View!.grad = null;
            segment.Gradient?.Dispose();
            segment.View.Dispose();
        }

        Values.Dispose();
        Gradients.Dispose();
    }

    private static Tensor Slice(Tensor flat, Segment segment)
    {
        using Tensor part = flat.narrow(0, segment.Offset, segment.Size);
        return part.view(segment.Shape);
    }

    private Segment Find(string name) => segments.Find(s => s.Name == name) ?? throw new KeyNotFoundException($"No trainable parameter '{name}'.");

    private sealed class Segment(string name, long[] shape, long offset, long size)
    {
        public string Name { get; } = name;

        public long[] Shape { get; } = shape;

        public long Offset { get; } = offset;

        public long Size { get; } = size;

        public Tensor? View { get; set; }

        public Tensor? Gradient { get; set; }
    }
}
