using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models.Families;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>
/// A decoder-only transformer described by <see cref="DecoderOptions"/>, with frozen weights. Shapes in names: B rows, T positions, D width, V vocabulary,
/// H and KV query and key/value heads of d numbers.
/// </summary>
/// <remarks>Not safe for use by several threads at a time; its owner runs it on one compute thread.</remarks>
internal sealed class Decoder : IDisposable
{
    private readonly Tensor embedding;
    private readonly IReadOnlyList<DecoderLayer> layers;
    private readonly Tensor finalNorm;
    private readonly RotaryPositions rotary;
    private readonly LinearLayer loadedHead;
    private readonly SubstitutedWeights substituted = new();
    private readonly double embeddingScale = 1;
    private Tensor input;
    private Tensor lastNorm;

    /// <summary>Puts a decoder together from weights that are there already. It owns them from now on.</summary>
    internal Decoder(string source, DecoderOptions options, ScalarType type, Device device, Tensor embedding, IReadOnlyList<DecoderLayer> layers, Tensor finalNorm, Tensor? head)
    {
        (Source, Options, ComputeType, Device) = (source, options, type, device);
        (this.embedding, this.layers, this.finalNorm) = (embedding, layers, finalNorm);
        (input, lastNorm) = (embedding, finalNorm);
        HeadLayer = loadedHead = new LinearLayer(WeightLayout.Head(options)[..^".weight".Length], head ?? embedding, null);
        Linears = [.. layers.SelectMany(l => l.Linears)];
        Sites = new SiteMap(options, Linears);
        rotary = new RotaryPositions(options, type, device);
        if (options.EmbeddingScale is { } scale)
        {
            using Tensor exact = tensor(scale, ScalarType.Float64), rounded = exact.to(type), back = rounded.to(ScalarType.Float64);
            embeddingScale = back.item<double>();
        }

        Weights = CollectWeights();
    }

    /// <summary>The folder it was loaded from, for messages.</summary>
    public string Source { get; }

    /// <summary>What distinguishes this decoder from others.</summary>
    public DecoderOptions Options { get; }

    /// <summary>The type of weights and arithmetic.</summary>
    public ScalarType ComputeType { get; }

    /// <summary>Where the weights are.</summary>
    public Device Device { get; }

    /// <summary>Where passes with a graph keep the blocks' inputs alone; null where they keep everything.</summary>
    public Recomputation? Recomputation { get; set; }

    /// <summary>Every linear layer but the output head, in the model's order: q, k, v, o, gate, up, down of each block, or as the family fuses them.</summary>
    public IReadOnlyList<LinearLayer> Linears { get; }

    /// <summary>The places where a pass can be tapped.</summary>
    public SiteMap Sites { get; }

    /// <summary>The output head as a layer, <c>lm_head</c>. Its weight is the embedding where the model ties them.</summary>
    public LinearLayer HeadLayer { get; private set; }

    /// <summary>Rows of the embedding in force, V: an adapter may bring a larger one.</summary>
    public int VocabularySize => (int)input.size(0);

    /// <summary>The output head's weight, [V, D].</summary>
    public Tensor HeadWeight => HeadLayer.Weight;

    /// <summary>All weights by Hugging Face name; a tied head is not listed twice. Writing to one in place changes the model.</summary>
    public IReadOnlyDictionary<string, Tensor> Weights { get; }

    /// <summary>Loads a Hugging Face folder: <c>config.json</c> and safetensors, one file or shards.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="computeType">Type of weights and arithmetic, whatever the stored type: float32, float64, bfloat16 or float16.</param>
    /// <param name="device">Where to put the weights.</param>
    /// <exception cref="ModelFormatException">
    /// The configuration or the files are damaged, or tensors are missing, superfluous or misshapen. Everything is checked before the first weight is read.
    /// </exception>
    public static Decoder Load(string folder, ScalarType computeType, Device device)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(device);
        if (!is_floating_point(computeType))
        {
            throw new ArgumentOutOfRangeException(nameof(computeType), computeType, "A decoder computes in a floating-point type.");
        }

        DecoderOptions options = ModelFamilies.Describe(folder);
        using SafetensorsShards files = SafetensorsShards.Open(folder);
        options = WeightLayout.Resolve(options, files);
        WeightLayout.Check(files, options, folder);
        using var ordinary = inference_mode(false);
        using var noGrad = no_grad();
        using var loader = new DecoderLoader(files, options, computeType, device);
        var decoder = new Decoder(
            folder,
            options,
            computeType,
            device,
            loader.Load(WeightLayout.Embedding(options)),
            [.. Enumerable.Range(0, options.LayerCount).Select(loader.LoadLayer)],
            loader.Load(WeightLayout.FinalNorm(options)),
            options.TieWordEmbeddings ? null : loader.Load(WeightLayout.Head(options)));
        loader.Release();
        return decoder;
    }

    /// <summary>
    /// Hidden states after the final norm, for training and scoring: rows start at position 0 and are padded on the right, if at all. Padding needs no mask,
    /// because no position sees a later one; what comes out at padding means nothing. With a graph where gradients are enabled and something below requires one.
    /// </summary>
    /// <param name="ids_BT">Token ids, int64, [B, T].</param>
    /// <param name="residuals">Receives the residual stream after the embedding, after each block and after the final norm, [B, T, D] each; the caller disposes them.</param>
    /// <param name="taps">What the pass does at some places; null for nothing.</param>
    /// <param name="rows">Lengths of rows that stand one after the other in a single line, B = 1 and T their sum; null where every row has a line of its own.</param>
    /// <returns>[B, T, D]; the caller disposes it.</returns>
    public Tensor Hidden(Tensor ids_BT, ICollection<Tensor>? residuals = null, SiteTaps? taps = null, IReadOnlyList<int>? rows = null)
    {
        using var scope = NewDisposeScope();
        long length = rows?.Max() ?? ids_BT.size(1);
        RotaryAngles angles = rows is null ? rotary.Range(0, length) : rotary.At(PackedPositions(rows), length);
        var context = new AttentionContext(Options, angles, AttentionMasks.Of(Options, length, null, Device), null) { Taps = taps, Rows = rows };
        return Run(ids_BT, context, residuals).MoveToOuterDisposeScope();
    }

    /// <summary>Hidden states after the final norm for rows padded anywhere, above all on the left.</summary>
    /// <param name="ids_BT">Token ids, int64, [B, T].</param>
    /// <param name="mask_BT">True (or not 0) at real tokens, [B, T]; null when every token is real.</param>
    /// <param name="positions_BT">Position of each token, int64, [B, T]; null counts the real tokens of each row from 0.</param>
    /// <param name="residuals">As in the other form.</param>
    public Tensor Hidden(Tensor ids_BT, Tensor? mask_BT, Tensor? positions_BT = null, ICollection<Tensor>? residuals = null)
    {
        using var scope = NewDisposeScope();
        long length = ids_BT.size(1);
        Tensor? visible_BT = mask_BT?.to(ScalarType.Bool);
        positions_BT ??= visible_BT?.to(ScalarType.Int64).cumsum(1).sub_(KeptScalar.One).clamp_min_(KeptScalar.Of(0L));
        RotaryAngles angles = positions_BT is null ? rotary.Range(0, length) : rotary.At(positions_BT, positions_BT.max().item<long>() + 1);
        Tensor hidden = Run(ids_BT, new AttentionContext(Options, angles, AttentionMasks.Of(Options, length, visible_BT, Device), null), residuals);
        return hidden.MoveToOuterDisposeScope();
    }

    /// <summary>Hidden states of tokens that come after remembered ones, without a graph.</summary>
    /// <param name="ids_BT">Token ids, int64, [B, T].</param>
    /// <param name="positions_BT">Position of each token in its row, int64, [B, T]; null: the T positions before <paramref name="end"/>.</param>
    /// <param name="end">More than any of the positions.</param>
    /// <param name="mask">Added to the scores, [B or 1, 1, T, S], S as the memory gives them; null as <see cref="AttentionContext"/> has it.</param>
    /// <param name="memory">Where keys and values go to and come from; null when nothing is remembered.</param>
    /// <returns>[B, T, D]; the caller disposes it.</returns>
    public Tensor Extend(Tensor ids_BT, Tensor? positions_BT, long end, Tensor? mask, IKeyValueMemory? memory)
    {
        using var scope = NewDisposeScope();
        long length = ids_BT.size(1);
        RotaryAngles angles = positions_BT is null ? rotary.Range(end - length, length) : rotary.At(positions_BT, end);
        AttentionMasks masks = AttentionMasks.Behind(Options, mask, positions_BT, length, end, ComputeType, Device);
        return Run(ids_BT, new AttentionContext(Options, angles, masks, memory), null).MoveToOuterDisposeScope();
    }

    /// <summary>Logits of hidden states: [..., D] to [..., V] in float32 (float64 where the decoder computes in it), with graph where one is asked for.</summary>
    /// <param name="hidden">Hidden states after the final norm.</param>
    /// <param name="head">The head to use; null for the one in force.</param>
    public Tensor Head(Tensor hidden, LinearLayer? head = null)
    {
        // A head in training is f32 whatever the rest.
        head ??= HeadLayer;
        Tensor logits = hidden.dtype == head.Weight.dtype ? head.Forward(hidden) : head.Forward(hidden.to(head.Weight.dtype));
        if (Options.LogitCap is null && logits.dtype is ScalarType.Float32 or ScalarType.Float64)
        {
            return logits;
        }

        using (logits)
        using (Tensor wide = RmsNorm.Widen(logits))
        {
            return Options.LogitCap is { } cap ? SoftCap.Apply(wide, cap) : wide.alias();
        }
    }

    /// <summary>Refuses token ids that have no embedding: on some devices they would end the process.</summary>
    /// <exception cref="ModelFormatException">An id is negative or not below V.</exception>
    public void CheckIds(ReadOnlySpan<int> ids)
    {
        foreach (int id in ids)
        {
            if (id < 0 || id >= VocabularySize)
            {
                throw new ModelFormatException(Source, $"Token id {id} is outside the model's vocabulary of {VocabularySize}. Use the tokenizer that belongs to these weights.");
            }
        }
    }

    /// <summary>
    /// Puts other weights in force, by Hugging Face name, until <see cref="Restore"/>. Embedding and output head are taken as they are, may have another number of rows
    /// and stay the caller's; a tied head is not changed with the embedding. Other values are copied into the loaded weights.
    /// </summary>
    public void Substitute(IReadOnlyDictionary<string, Tensor> weights)
    {
        foreach ((string name, Tensor value) in weights)
        {
            if (name == WeightLayout.Embedding(Options))
            {
                input = value;
            }
            else if (name == WeightLayout.Head(Options))
            {
                HeadLayer = new LinearLayer(loadedHead.Path, value, null);
            }
            else
            {
                substituted.Put(Weights[name], value);
            }
        }
    }

    /// <summary>
    /// Puts tensors of the caller's in the place of weights, by Hugging Face name, until <see cref="Restore"/>: leaves of a graph that are being trained, in the decoder's type or
    /// wider. The loaded weights stay as they are.
    /// </summary>
    /// <param name="weights">A weight and its bias go together; a tied head is named beside the embedding.</param>
    public void Train(IReadOnlyDictionary<string, Tensor> weights)
    {
        input = weights.GetValueOrDefault(WeightLayout.Embedding(Options)) ?? input;
        lastNorm = weights.GetValueOrDefault(WeightLayout.FinalNorm(Options)) ?? lastNorm;
        if (weights.TryGetValue(WeightLayout.Head(Options), out Tensor? head))
        {
            HeadLayer = new LinearLayer(loadedHead.Path, head, null);
        }

        foreach (LinearLayer linear in Linears)
        {
            if (weights.TryGetValue(linear.Path + ".weight", out Tensor? weight))
            {
                linear.Substitute(weight, weights.GetValueOrDefault(linear.Path + ".bias") ?? linear.Bias);
            }
        }

        for (int i = 0; i < layers.Count; i++)
        {
            string layer = WeightLayout.Layer(Options, i);
            Dictionary<string, Tensor> norms = layers[i].LoadedNorms.Weights.ToDictionary(n => n.Key, n => weights.GetValueOrDefault($"{layer}.{n.Key}.weight") ?? n.Value, StringComparer.Ordinal);
            layers[i].Norms = DecoderLayerNorms.Of(norms, Options.NormPlacement);
        }
    }

    /// <summary>Puts the loaded weights back in force, to the bit.</summary>
    public void Restore()
    {
        (input, lastNorm, HeadLayer) = (embedding, finalNorm, loadedHead);
        substituted.Restore();
        foreach (LinearLayer linear in Linears)
        {
            linear.Restore();
        }

        foreach (DecoderLayer layer in layers)
        {
            layer.Norms = layer.LoadedNorms;
        }
    }

    public void Dispose()
    {
        foreach (LinearLayer linear in Linears)
        {
            linear.Restore(); // what is trained is the trainer's
        }

        embedding.Dispose();
        finalNorm.Dispose();
        loadedHead.Weight.Dispose();
        substituted.Dispose();
        rotary.Dispose();
        foreach (DecoderLayer layer in layers)
        {
            layer.Dispose();
        }
    }

    private Tensor PackedPositions(IReadOnlyList<int> rows)
    {
        long[] positions = [.. rows.SelectMany(length => Enumerable.Range(0, length).Select(t => (long)t))];
        return tensor(positions, [1, positions.Length], device: Device);
    }

    private Tensor Run(Tensor ids_BT, AttentionContext context, ICollection<Tensor>? residuals)
    {
        long[] shape = [ids_BT.size(0), ids_BT.size(1), Options.HiddenSize];
        Tensor x = input.index_select(0, ids_BT.reshape(-1)).to(ComputeType).view(shape);
        if (Options.EmbeddingScale is not null)
        {
            x = x.mul(KeptScalar.Of(embeddingScale));
        }

        x = context.Taps.At(Site.Embeddings, x);
        Keep(x, residuals);
        for (int i = 0; i < layers.Count; i++)
        {
            using Tensor before = x;
            x = context.Taps.At(Site.BlockOutput, i, Block(i, x, context));
            Keep(x, residuals);
        }

        Tensor hidden = context.Taps.At(Site.FinalNorm, RmsNorm.Apply(x, lastNorm, Options.NormEpsilon, Options.NormWeighting));
        Keep(hidden, residuals);
        return hidden;
    }

    private Tensor Block(int index, Tensor x, AttentionContext context)
    {
        DecoderLayer layer = layers[index];
        bool again = Recomputation is not null && is_grad_enabled() && context.Taps?.Touches(index) != true && (x.requires_grad || layer.Trains);
        return again
            ? Recomputation!.Run((input, shared) => DecoderBlock.Forward(layer, Options, index, input, shared), x, context)
            : DecoderBlock.Forward(layer, Options, index, x, context);
    }

    private static void Keep(Tensor x, ICollection<Tensor>? residuals) => residuals?.Add(x.clone().DetachFromDisposeScope());

    private Dictionary<string, Tensor> CollectWeights()
    {
        var weights = new Dictionary<string, Tensor>(StringComparer.Ordinal) { [WeightLayout.Embedding(Options)] = embedding };
        for (int i = 0; i < layers.Count; i++)
        {
            foreach ((string path, Tensor norm) in layers[i].LoadedNorms.Weights)
            {
                weights[$"{WeightLayout.Layer(Options, i)}.{path}.weight"] = norm;
            }

            foreach (LinearLayer linear in layers[i].Linears)
            {
                weights[linear.Path + ".weight"] = linear.Weight;
                if (linear.Bias is not null)
                {
                    weights[linear.Path + ".bias"] = linear.Bias;
                }
            }
        }

        weights[WeightLayout.FinalNorm(Options)] = finalNorm;
        if (!Options.TieWordEmbeddings)
        {
            weights[WeightLayout.Head(Options)] = HeadWeight;
        }

        return weights;
    }
}
