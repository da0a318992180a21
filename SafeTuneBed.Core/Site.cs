using System.Globalization;

namespace SafeTuneBed;

/// <summary>Kinds of places in a network.</summary>
public enum SiteKind
{
    /// <summary>See <see cref="Site.Embeddings"/>.</summary>
    Embeddings,

    /// <summary>See <see cref="Site.LinearInput"/>.</summary>
    LinearInput,

    /// <summary>See <see cref="Site.AttentionOutput"/>.</summary>
    AttentionOutput,

    /// <summary>See <see cref="Site.MlpOutput"/>.</summary>
    MlpOutput,

    /// <summary>See <see cref="Site.BlockOutput"/>.</summary>
    BlockOutput,

    /// <summary>See <see cref="Site.FinalNorm"/>.</summary>
    FinalNorm,

    /// <summary>See <see cref="Site.Logits"/>.</summary>
    Logits,
}

/// <summary>
/// A place in the network where the loss can be differentiated and activations can be added to. It is passed with the call that uses it and never registered, so that nothing is left
/// behind. Without a layer it means every block; <see cref="At"/> picks one. Shapes: B rows, T positions, D the model's width.
/// </summary>
public sealed record Site
{
    private Site(SiteKind kind, int? layer = null, string? path = null) => (Kind, Layer, Path) = (kind, layer, path);

    /// <summary>The token embeddings, after the family's scaling, [B, T, D].</summary>
    public static Site Embeddings { get; } = new(SiteKind.Embeddings);

    /// <summary>
    /// What a block's attention gives, [B, T, D]: after its output projection, before it joins the residual stream. In families with a norm behind attention (Gemma 2 and 3,
    /// OLMo 2) before that norm: it is the output of the module <c>self_attn</c> in every family.
    /// </summary>
    public static Site AttentionOutput { get; } = new(SiteKind.AttentionOutput);

    /// <summary>What a block's feed-forward part gives, [B, T, D]: after its down projection and before a norm behind it, the output of the module <c>mlp</c>.</summary>
    public static Site MlpOutput { get; } = new(SiteKind.MlpOutput);

    /// <summary>The residual stream behind a block, [B, T, D].</summary>
    public static Site BlockOutput { get; } = new(SiteKind.BlockOutput);

    /// <summary>The hidden states behind the last norm, [B, T, D].</summary>
    public static Site FinalNorm { get; } = new(SiteKind.FinalNorm);

    /// <summary>The logits as <see cref="ModelOutput.Logits"/> gives them, for methods that asked for them: [B, T, V], or [N, V] at supervised positions.</summary>
    public static Site Logits { get; } = new(SiteKind.Logits);

    /// <summary>The kind of place.</summary>
    public SiteKind Kind { get; }

    /// <summary>The block's number from 0; null for every block, or outside of them.</summary>
    public int? Layer { get; }

    /// <summary>The layer whose input is meant, of <see cref="LinearInput"/>; else null.</summary>
    public string? Path { get; }

    /// <summary>
    /// The input of a linear layer of a block, [B, T, in]: its own, also where it shares what it reads with others, as q, k and v do.
    /// </summary>
    /// <param name="path">The layer's path or the end of it, as adapters name their targets: <c>q_proj</c>, or <c>model.layers.3.mlp.down_proj</c>.</param>
    public static Site LinearInput(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return new Site(SiteKind.LinearInput, null, path);
    }

    /// <summary>The same place in one block only. A range of blocks is several sites: <c>Enumerable.Range(8, 4).Select(Site.AttentionOutput.At)</c>.</summary>
    /// <param name="layer">The block's number, from 0.</param>
    /// <exception cref="InvalidOperationException">The place is in no block.</exception>
    public Site At(int layer) => Kind is SiteKind.Embeddings or SiteKind.FinalNorm or SiteKind.Logits
        ? throw new InvalidOperationException($"{Kind} is in no block: leave At out.")
        : new Site(Kind, layer, Path);

    /// <summary>Such as <c>AttentionOutput of layer 3</c>.</summary>
    public override string ToString() =>
        (Path is null ? Kind.ToString() : $"{Kind}({Path})") + (Layer is { } layer ? string.Create(CultureInfo.InvariantCulture, $" of layer {layer}") : "");

    /// <summary>Whether a place of a model is meant by this.</summary>
    internal bool Covers(Site place) => Kind == place.Kind
        && (Layer is null || Layer == place.Layer)
        && (Path is null || place.Path == Path || (place.Path?.EndsWith('.' + Path, StringComparison.Ordinal) ?? false));
}
