using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Sandbox.Making;

/// <summary>
/// A decoder all of whose weights are trained: matrices in one flat buffer, norms in another, since only matrices decay. Layers that read the same input
/// are one parameter, so that one product serves them in training too.
/// </summary>
internal sealed class FlatDecoder : IDisposable
{
    /// <summary>Standard deviation of new embeddings; matrices have 1 / sqrt(D).</summary>
    private const double EmbeddingDeviation = 0.02;

    private readonly DecoderOptions options;

    /// <summary>A decoder of zeros, on the processor. Its head is the embedding and it has no biases.</summary>
    public FlatDecoder(DecoderOptions options)
    {
        if (options.NormPlacement != NormPlacement.Before || options.FusedProjections || options.QueryKeyNorm != QueryKeyNorm.None || !options.TieWordEmbeddings || options.QueryKeyValueBias || options.AttentionOutputBias || options.MlpBias)
        {
            throw new ArgumentException("Only Llama's blocks with tied embeddings and without biases are trained whole here.", nameof(options));
        }

        this.options = options;
        var matrices = new List<(string, long[])> { (WeightLayout.Embedding(options), [options.VocabularySize, options.HiddenSize]) };
        var vectors = new List<(string, long[])>();
        for (int i = 0; i < options.LayerCount; i++)
        {
            string layer = WeightLayout.Layer(options, i);
            Dictionary<string, (long Out, long In)> shapes = WeightLayout.Linears(options).ToDictionary(l => l.Path, l => (l.Out, l.In));
            foreach ((string group, string[] members) in Groups)
            {
                matrices.Add(($"{layer}.{group}", [members.Sum(m => shapes[m].Out), shapes[members[0]].In]));
            }

            vectors.Add(($"{layer}.input_layernorm.weight", [options.HiddenSize]));
            vectors.Add(($"{layer}.post_attention_layernorm.weight", [options.HiddenSize]));
        }

        vectors.Add((WeightLayout.FinalNorm(options), [options.HiddenSize]));
        (Matrices, Vectors) = (new FlatParameters(matrices, CPU), new FlatParameters(vectors, CPU));
        using var ordinary = inference_mode(false);
        using var noGrad = no_grad();
        Decoder = new Decoder(
            "a new model", options, ScalarType.Float32, CPU, Matrices[WeightLayout.Embedding(options)], [.. Enumerable.Range(0, options.LayerCount).Select(Layer)], Vectors[WeightLayout.FinalNorm(options)], null);
    }

    /// <summary>What computes with the weights.</summary>
    public Decoder Decoder { get; }

    /// <summary>Embedding and projections.</summary>
    public FlatParameters Matrices { get; }

    /// <summary>Norm weights.</summary>
    public FlatParameters Vectors { get; }

    private static (string Group, string[] Members)[] Groups =>
    [
        ("self_attn.qkv", ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]),
        ("self_attn.o_proj", ["self_attn.o_proj"]),
        ("mlp.gate_up", ["mlp.gate_proj", "mlp.up_proj"]),
        ("mlp.down_proj", ["mlp.down_proj"]),
    ];

    /// <summary>New weights: normal, smaller by sqrt(2 L) where a block writes to the residual stream (Radford et al. 2019); norms are 1.</summary>
    public void Initialize(SeedTree seeds)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach ((string name, Tensor weight) in Decoder.Weights)
        {
            if (weight.dim() == 1)
            {
                weight.fill_(KeptScalar.One);
                continue;
            }

            double deviation = name == WeightLayout.Embedding(options) ? EmbeddingDeviation : 1 / Math.Sqrt(options.HiddenSize);
            if (name.Contains("o_proj", StringComparison.Ordinal) || name.Contains("down_proj", StringComparison.Ordinal))
            {
                deviation /= Math.Sqrt(2.0 * options.LayerCount);
            }

            using torch.Generator generator = seeds[name].CreateGenerator();
            weight.copy_(randn(weight.shape, dtype: ScalarType.Float32, generator: generator).mul_(KeptScalar.Of(deviation)));
        }
    }

    /// <summary>Takes over the weights of a decoder of the same shape.</summary>
    public void CopyFrom(Decoder source)
    {
        using var noGrad = no_grad();
        foreach ((string name, Tensor weight) in Decoder.Weights)
        {
            weight.copy_(source.Weights[name]);
        }
    }

    /// <summary>Rounds the weights to float16, the type they are stored in, so that what is measured is what is on disk.</summary>
    public void Round()
    {
        using var noGrad = no_grad();
        foreach (FlatParameters part in new[] { Matrices, Vectors })
        {
            using Tensor half = part.Values.to(ScalarType.Float16);
            part.Values.copy_(half);
        }
    }

    /// <summary>Writes the weights in float16, by their Hugging Face names.</summary>
    public void Save(string path)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(
            path,
            Decoder.Weights.Select(w => KeyValuePair.Create(w.Key, w.Value.detach().to(ScalarType.Float16))),
            new Dictionary<string, string> { ["format"] = "pt" });
    }

    public void Dispose()
    {
        Matrices.Dispose();
        Vectors.Dispose();
        Decoder.Dispose();
    }

    private DecoderLayer Layer(int index)
    {
        string layer = WeightLayout.Layer(options, index);
        ProjectionGroup[] groups = [.. Groups.Select(g => Group(layer, g.Group, g.Members))];
        var norms = WeightLayout.Norms(options).ToDictionary(n => n.Path, n => Vectors[$"{layer}.{n.Path}.weight"], StringComparer.Ordinal);
        return new DecoderLayer(DecoderLayerNorms.Of(norms, options.NormPlacement), groups[0], groups[1], groups[2], groups[3]);
    }

    // The whole is the leaf; its members are views without a graph, for saving and for generation.
    private ProjectionGroup Group(string layer, string group, string[] members)
    {
        Tensor whole = Matrices[$"{layer}.{group}"];
        if (members.Length == 1)
        {
            return new ProjectionGroup(whole, null, [new LinearLayer($"{layer}.{members[0]}", whole, null)], [whole.size(0)]);
        }

        var layers = new List<LinearLayer>();
        long start = 0;
        foreach (string member in members)
        {
            long rows = WeightLayout.Linears(options).First(l => l.Path == member).Out;
            using Tensor part = whole.narrow(0, start, rows);
            layers.Add(new LinearLayer($"{layer}.{member}", part.detach().DetachFromDisposeScope(), null));
            start += rows;
        }

        return new ProjectionGroup(whole, null, layers, [.. layers.Select(l => l.Weight.size(0))]);
    }
}
