using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>What a method learns of activations, one forward pass each: gradients there, and tensors in their shape.</summary>
internal sealed class ActivationPasses(TrainingSession session, Decoder decoder)
{
    /// <summary>
    /// The gradients of a loss at some places. A zero leaf is added at each, whose gradient is the place's own; the parameters take no part meanwhile, so that the graph
    /// begins at the first place and no gradient of a parameter is formed.
    /// </summary>
    public ActivationSet Gradients(IEnumerable<Site> sites, TokenBatch batch, Func<ModelOutput, Tensor> loss)
    {
        IReadOnlyList<Site> places = decoder.Sites.Resolve(sites);
        var leaves = new Dictionary<Site, Tensor>();
        var taps = new SiteTaps(places, (place, x) =>
        {
            Tensor leaf = leaves[place] = zeros(x.shape, dtype: ScalarType.Float32, device: x.device).requires_grad_(true).DetachFromDisposeScope();
            using Tensor typed = leaf.to(x.dtype);
            return x.add(typed, KeptScalar.One);
        });
        try
        {
            using var scope = NewDisposeScope();
            using IDisposable frozen = session.Flat.Freeze();
            session.Backward(loss(session.Forward(batch, taps)));
            return new ActivationSet(places, places.Select(place => GradientOf(place, leaves).MoveToOuterDisposeScope()).ToList());
        }
        finally
        {
            foreach (Tensor leaf in leaves.Values)
            {
                leaf.Dispose();
            }
        }
    }

    /// <summary>A pass whose output tells what passed at some places, with what is added there already in it; with graph where gradients are enabled.</summary>
    /// <param name="sites">The places; of logits the output itself tells.</param>
    /// <param name="added">Tensors to be added at some places; null for none.</param>
    /// <param name="pass">Makes the pass.</param>
    public ModelOutput Reading(IEnumerable<Site> sites, ActivationSet? added, Func<SiteTaps, ModelOutput> pass)
    {
        IReadOnlyList<Site> places = decoder.Sites.Resolve(sites);
        if (places.Contains(Site.Logits))
        {
            throw new ArgumentException("Logits are read as output.Logits. Name places below them.", nameof(sites));
        }

        HashSet<Site> wanted = [.. places];
        var kept = new Dictionary<Site, Tensor>();
        SiteTaps? adding = added is null ? null : SiteTaps.Adding(added);
        var taps = new SiteTaps([.. places.Union(added?.Places ?? [])], (place, x) =>
        {
            Tensor now = adding is null ? x : adding.Visit(place, x);
            if (wanted.Contains(place))
            {
                kept[place] = RmsNorm.Widen(now).DetachFromDisposeScope();
            }

            return now;
        });
        try
        {
            ModelOutput output = pass(taps);
            output.Read(new ActivationSet(places, places.Select(place => kept[place].alias()).ToList())); // the scope of whoever asked frees these
            return output;
        }
        finally
        {
            foreach (Tensor value in kept.Values)
            {
                value.Dispose();
            }
        }
    }

    /// <summary>Independent normal numbers in the shape of some places, which depend on the run's seed, the name, the micro-step and the place alone.</summary>
    public ActivationSet Noise(IEnumerable<Site> sites, TokenBatch batch, double deviation, SeedTree seeds)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(deviation);
        IReadOnlyList<Site> places = decoder.Sites.Resolve(sites);
        return new ActivationSet(places, places.Select(place => Draw(ShapeOf(place, batch), deviation, seeds[place.ToString()])).ToList());
    }

    private static Tensor GradientOf(Site place, Dictionary<Site, Tensor> leaves) => leaves.TryGetValue(place, out Tensor? leaf)
        ? leaf.grad ?? zeros_like(leaf) // a loss that does not depend on it
        : throw new InvalidOperationException($"The loss did not form {place}, so that it has no gradient there. A loss that reads output.Logits does.");

    private long[] ShapeOf(Site place, TokenBatch batch) => place.Kind == SiteKind.Logits && session.Needs.Logits != LogitPositions.All
        ? [batch.SupervisedTokenCount, decoder.VocabularySize]
        : [.. batch.InputIds.shape, place.Kind == SiteKind.Logits ? decoder.VocabularySize : decoder.Sites.Width(place)];

    // Drawn on the CPU whatever the device: one seed, one noise.
    private Tensor Draw(long[] shape, double deviation, SeedTree seeds)
    {
        using var scope = NewDisposeScope();
        using Generator generator = seeds.CreateGenerator();
        return empty(shape, ScalarType.Float32).normal_(0, deviation, generator).to(decoder.Device).MoveToOuterDisposeScope();
    }
}
