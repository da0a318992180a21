using SafeTuneBed.Diagnostics;
using static TorchSharp.torch;

namespace SafeTuneBed;

/// <summary>
/// One tensor for each of some places of the network: gradients of a loss there, noise, or values. Algebra over all of them at once; the norm is one L2 norm over
/// places, rows, positions and width. It is freed with the hook that made it, at the latest.
/// </summary>
public sealed class ActivationSet : IDisposable
{
    private readonly Dictionary<Site, Tensor> values;

    internal ActivationSet(IReadOnlyList<Site> places, IEnumerable<Tensor> tensors)
    {
        Places = places;
        values = places.Zip(tensors).ToDictionary(p => p.First, p => p.Second);
    }

    /// <summary>The places, one block and one layer each, in the order in which they were asked for and of the network.</summary>
    public IReadOnlyList<Site> Places { get; }

    /// <summary>The tensor of one place, which must be among <see cref="Places"/>; writing to it changes the set.</summary>
    public Tensor this[Site place] => values.TryGetValue(place, out Tensor? value)
        ? value
        : throw new KeyNotFoundException($"The set has nothing for {place}. It has {string.Join(", ", Places)}.");

    /// <summary>The L2 norm over everything.</summary>
    public double Norm() => Math.Sqrt(SquaredNorm());

    /// <summary>The square of <see cref="Norm"/>.</summary>
    public double SquaredNorm() => Dot(this);

    /// <summary>Sum of products with a set of the same places.</summary>
    public double Dot(ActivationSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        double sum = 0;
        foreach (Site place in Places)
        {
            using var scope = NewDisposeScope();
            sum += values[place].flatten().dot(other[place].flatten()).item<float>();
        }

        return sum;
    }

    /// <summary>this *= scale.</summary>
    public void Scale(double scale)
    {
        foreach (Tensor value in values.Values)
        {
            value.mul_(KeptScalar.Of(scale));
        }
    }

    /// <summary>Sets to zero what stands at the padding of the batch that the set was made for, in every place but <see cref="Site.Logits"/>.</summary>
    public void ClearPadding(TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var noGrad = no_grad();
        foreach (Site place in Places.Where(p => !batch.IsPacked && p.Kind != SiteKind.Logits))
        {
            long width = values[place].size(1);
            for (int i = 0; i < batch.Lengths.Count; i++)
            {
                using Tensor row = values[place].narrow(0, i, 1), rest = row.narrow(1, batch.Lengths[i], width - batch.Lengths[i]);
                rest.zero_();
            }
        }
    }

    /// <summary>this += scale * other, of the same places.</summary>
    public void AddScaled(ActivationSet other, double scale)
    {
        ArgumentNullException.ThrowIfNull(other);
        foreach (Site place in Places)
        {
            values[place].add_(other[place], alpha: KeptScalar.Of(scale));
        }
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (Tensor value in values.Values)
        {
            value.Dispose();
        }
    }
}
