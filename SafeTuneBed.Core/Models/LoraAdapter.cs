using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>The LoRA factors of one model, in training or loaded. Attached it is part of every forward pass.</summary>
internal sealed class LoraAdapter : IDisposable
{
    private readonly LoraConfig config;
    private readonly IReadOnlyDictionary<string, LoraWeights> weights;

    /// <summary>An adapter of these factors, by layer path. It owns their handles.</summary>
    public LoraAdapter(LoraConfig config, IReadOnlyDictionary<string, LoraWeights> weights) => (this.config, this.weights) = (config, weights);

    /// <summary>An adapter from disk for this decoder, without dropout and without gradients.</summary>
    /// <exception cref="ModelFormatException">A module is unknown to the model or a factor has another shape; all named.</exception>
    public static LoraAdapter Load(Decoder decoder, PeftAdapter peft)
    {
        var layers = decoder.Linears.ToDictionary(l => l.Path, StringComparer.Ordinal);
        var faults = new List<string>();
        foreach ((string path, (Tensor a, Tensor b)) in peft.Factors)
        {
            if (!layers.TryGetValue(path, out LinearLayer? layer))
            {
                faults.Add($"the model has no linear layer '{path}'");
            }
            else if (a.shape[1] != layer.Weight.shape[1] || b.shape[0] != layer.Weight.shape[0] || a.shape[0] != b.shape[1])
            {
                faults.Add($"'{path}' has factors [{string.Join(", ", a.shape)}] and [{string.Join(", ", b.shape)}] for a weight of [{string.Join(", ", layer.Weight.shape)}]");
            }
        }

        if (faults.Count > 0)
        {
            throw new ModelFormatException(peft.Source, $"the adapter does not fit the model: {string.Join("; ", faults)}.");
        }

        return new LoraAdapter(peft.Config, peft.Factors.ToDictionary(
            f => f.Key,
            f => new LoraWeights(Own(f.Value.A, decoder.Device), Own(f.Value.B, decoder.Device), peft.Config.Scaling),
            StringComparer.Ordinal));

        static Tensor Own(Tensor tensor, Device device)
        {
            using Tensor f32 = tensor.to(ScalarType.Float32);
            using Tensor moved = f32.to(device);
            return moved.clone().DetachFromDisposeScope();
        }
    }

    /// <summary>Puts the adapter into the decoder's layers.</summary>
    public void Attach(Decoder decoder)
    {
        foreach (LinearLayer layer in decoder.Linears)
        {
            layer.Adapter = weights.GetValueOrDefault(layer.Path);
        }
    }

    /// <summary>Takes any adapter off the decoder.</summary>
    public static void Detach(Decoder decoder)
    {
        foreach (LinearLayer layer in decoder.Linears)
        {
            layer.Adapter = null;
        }
    }

    /// <summary>A copy of the factors, for saving.</summary>
    public PeftAdapter ToPeft(string baseModel) => new(
        config,
        baseModel,
        weights.ToDictionary(w => w.Key, w => (Copy(w.Value.A), Copy(w.Value.B)), StringComparer.Ordinal));

    public void Dispose()
    {
        foreach (LoraWeights factors in weights.Values)
        {
            factors.A.Dispose();
            factors.B.Dispose();
        }
    }

    private static Tensor Copy(Tensor tensor)
    {
        using var noGrad = no_grad();
        using Tensor detached = tensor.detach();
        using Tensor cpu = detached.cpu();
        return cpu.clone().DetachFromDisposeScope();
    }
}
