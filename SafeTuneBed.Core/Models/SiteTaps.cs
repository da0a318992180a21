using SafeTuneBed.Diagnostics;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>What one forward pass does at some places of the network: each is handed what passes there and gives what goes on in its place.</summary>
/// <param name="places">Resolved places: one block, one layer each.</param>
/// <param name="visit">Called in the scope of the computation: what it makes and keeps must be detached from it.</param>
internal sealed class SiteTaps(IReadOnlyCollection<Site> places, Func<Site, Tensor, Tensor> visit)
{
    private readonly HashSet<Site> at = [.. places];
    private readonly Dictionary<string, Site> inputs = places.Where(p => p.Path is not null).ToDictionary(p => p.Path!, StringComparer.Ordinal);

    /// <summary>Adds the set's tensors.</summary>
    /// <exception cref="InvalidOperationException">In the pass, when the set was made for a batch of another shape.</exception>
    public static SiteTaps Adding(ActivationSet added) => new(added.Places, (place, x) =>
    {
        Tensor value = added[place];
        if (!value.shape.SequenceEqual(x.shape))
        {
            throw new InvalidOperationException(
                $"What is to be added at {place} has the shape [{string.Join(", ", value.shape)}], but the batch's activations there have [{string.Join(", ", x.shape)}]. Make the set for the batch that it is used with.");
        }

        using Tensor typed = value.to(x.dtype);
        return x.add(typed, KeptScalar.One);
    });

    /// <summary>Whether the pass is tapped within a block: it must then be computed as it stands, once.</summary>
    public bool Touches(int layer) => at.Any(p => p.Layer == layer);

    /// <summary>Whether the input of a linear layer is tapped.</summary>
    public bool TouchesInput(string path) => inputs.ContainsKey(path);

    /// <summary>Whether a place is tapped.</summary>
    public bool Contains(Site place) => at.Contains(place);

    /// <summary>What goes on from a place.</summary>
    public Tensor Visit(Site place, Tensor x) => at.Contains(place) ? visit(place, x) : x;

    /// <summary>What a linear layer reads.</summary>
    public Tensor VisitInput(string path, Tensor x) => inputs.TryGetValue(path, out Site? place) ? visit(place, x) : x;
}

/// <summary>Taps of a pass, or none.</summary>
internal static class SiteTapsExtensions
{
    public static Tensor At(this SiteTaps? taps, Site place, Tensor x) => taps is null ? x : taps.Visit(place, x);

    public static Tensor At(this SiteTaps? taps, Site kind, int layer, Tensor x) => taps is null ? x : taps.Visit(kind.At(layer), x);

    /// <summary>The layer's output of x, which a tap may replace.</summary>
    public static Tensor Forward(this LinearLayer layer, Tensor x, SiteTaps? taps) => layer.Forward(taps is null ? x : taps.VisitInput(layer.Path, x));
}
