using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>A stretch of the flat buffers whose parameters train and have made equally many steps.</summary>
internal readonly record struct FlatRange(long Offset, long Length, long Steps);

/// <summary>
/// All trainable parameters in one contiguous f32 buffer, their gradients in another; each parameter is a leaf view, and backward adds into
/// its part of the gradient buffer in place. Norm, clipping, snapshots and the optimizer are then single operations over few ranges.
/// </summary>
/// <remarks>
/// Each parameter begins on a 64-byte border; the gaps hold zeros, whose gradients and moments stay zero. A frozen parameter is in no range, has no gradient
/// tensor, and its part of the gradient buffer holds zeros.
/// </remarks>
internal sealed class FlatParameters : IDisposable
{
    private const int Alignment = 16; // elements: 64 bytes of f32

    private readonly List<Segment> segments = [];
    private readonly Dictionary<string, Segment> byName = new(StringComparer.Ordinal);
    private Tensor linked;

    public FlatParameters(IReadOnlyList<(string Name, long[] Shape)> parameters, Device device)
    {
        long offset = 0;
        foreach ((string name, long[] shape) in parameters)
        {
            long size = shape.Aggregate(1L, (a, b) => checked(a * b));
            long room = (size + Alignment - 1) / Alignment * Alignment;
            var segment = new Segment(name, shape, offset, size, room);
            segments.Add(segment);
            byName.Add(name, segment);
            offset += room;
        }

        Values = zeros(offset, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        Gradients = zeros(offset, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        linked = Gradients;
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

    /// <summary>Trainable numbers, gaps not counted, frozen ones included.</summary>
    public long Count => segments.Sum(s => s.Size);

    /// <summary>For each parameter whether it trains, in order.</summary>
    public IReadOnlyList<bool> Active => segments.ConvertAll(s => s.Active);

    /// <summary>For each parameter the optimizer steps that it has made, in order.</summary>
    public IReadOnlyList<long> Steps
    {
        get => segments.ConvertAll(s => s.Steps);
        set
        {
            for (int i = 0; i < segments.Count; i++)
            {
                segments[i].Steps = value[i];
            }
        }
    }

    /// <summary>The leaf of a parameter.</summary>
    public Tensor this[string name] => Find(name).View!;

    public long SizeOf(string name) => Find(name).Size;

    public bool IsActive(string name) => Find(name).Active;

    /// <summary>The part of a flat buffer that belongs to a parameter, in its shape. A new handle.</summary>
    public Tensor Part(Tensor flat, string name) => Slice(flat, Find(name));

    /// <summary>The stretches that train: neighbors of equally many steps are one.</summary>
    public List<FlatRange> ActiveRanges()
    {
        var ranges = new List<FlatRange>();
        foreach (Segment segment in segments.Where(s => s.Active))
        {
            if (ranges.Count > 0 && ranges[^1] is var last && last.Offset + last.Length == segment.Offset && last.Steps == segment.Steps)
            {
                ranges[^1] = last with { Length = last.Length + segment.Room };
            }
            else
            {
                ranges.Add(new FlatRange(segment.Offset, segment.Room, segment.Steps));
            }
        }

        return ranges;
    }

    /// <summary>Notes that every active parameter has made a step.</summary>
    public void CountStep() => segments.ForEach(s => s.Steps += s.Active ? 1 : 0);

    /// <summary>Says for each parameter whether it trains.</summary>
    /// <exception cref="InvalidOperationException">None would.</exception>
    public void SetActive(IReadOnlyList<bool> active)
    {
        if (!active.Contains(true))
        {
            throw new InvalidOperationException("No trainable parameter would be left. At least one must train.");
        }

        using var noGrad = no_grad();
        for (int i = 0; i < segments.Count; i++)
        {
            Segment segment = segments[i];
            segment.Active = active[i];
            segment.View!.requires_grad_(active[i]);
            if (!active[i])
            {
                using Tensor part = Gradients.narrow(0, segment.Offset, segment.Room);
                part.zero_();
            }
        }

        LinkGradients(linked);
    }

    /// <summary>From now on backward adds into this buffer (of the shape of <see cref="Gradients"/>).</summary>
    public void LinkGradients(Tensor buffer)
    {
        linked = buffer;
        foreach (Segment segment in segments)
        {
            segment.Gradient?.Dispose();
            segment.Gradient = segment.Active ? Slice(buffer, segment).DetachFromDisposeScope() : null;
            segment.View!.grad = segment.Gradient;
        }
    }

    /// <summary>Until the result is disposed no parameter requires a gradient: what is computed has no graph down to them.</summary>
    public IDisposable Freeze()
    {
        segments.ForEach(s => s.View!.requires_grad_(false));
        return new Thaw(segments);
    }

    /// <summary>The global L2 norm of all gradients.</summary>
    public double GradientNorm()
    {
        using Tensor norm = Gradients.norm(); // frozen parts are zero
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

    private Segment Find(string name) => byName.TryGetValue(name, out Segment? segment) ? segment : throw new KeyNotFoundException($"No trainable parameter '{name}'.");

    private sealed class Thaw(List<Segment> segments) : IDisposable
    {
        public void Dispose() => segments.ForEach(s => s.View!.requires_grad_(s.Active));
    }

    private sealed class Segment(string name, long[] shape, long offset, long size, long room)
    {
        public string Name { get; } = name;

        public long[] Shape { get; } = shape;

        public long Offset { get; } = offset;

        public long Size { get; } = size;

        /// <summary>Numbers up to the next parameter, the gap included.</summary>
        public long Room { get; } = room;

        public bool Active { get; set; } = true;

        public long Steps { get; set; }

        public Tensor? View { get; set; }

        public Tensor? Gradient { get; set; }
    }
}
