using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>The LoRA factors of one model, in training or loaded, and the weights that were trained whole. Attached it is part of every forward pass.</summary>
internal sealed class LoraAdapter : IDisposable
{
    private readonly LoraConfig config;
    private readonly IReadOnlyDictionary<string, LoraWeights> weights;
    private readonly IReadOnlyDictionary<string, Tensor> saved;

    /// <summary>Whether whole weights are put in force as they are, to be trained, and not copied.</summary>
    public bool TrainsWhole { get; init; }

    /// <summary>Whole weights by Hugging Face name.</summary>
    public IReadOnlyDictionary<string, Tensor> Whole => saved;

    /// <summary>An adapter of these factors, by layer path, and of whole weights, by Hugging Face name. It owns their handles.</summary>
    public LoraAdapter(LoraConfig config, IReadOnlyDictionary<string, LoraWeights> weights, IReadOnlyDictionary<string, Tensor>? saved = null) =>
        (this.config, this.weights, this.saved) = (config, weights, saved ?? new Dictionary<string, Tensor>());

    /// <summary>An adapter from disk for this decoder, without dropout and without gradients.</summary>
    /// <exception cref="ModelFormatException">A module is unknown to the model, was not adapted, has factors of another shape or none; all named.</exception>
    public static LoraAdapter Load(Decoder decoder, PeftAdapter peft)
    {
        IReadOnlyDictionary<string, Tensor> whole = AdapterFit.Check(decoder, peft);
        var rules = new AdapterRules(peft.Config);
        return new LoraAdapter(
            peft.Config,
            peft.Factors.ToDictionary(
                f => f.Key,
                f => new LoraWeights(Own(f.Value.A, ScalarType.Float32), Own(f.Value.B, ScalarType.Float32), rules.ScalingOf(f.Key)),
                StringComparer.Ordinal),
            whole.ToDictionary(w => w.Key, w => Own(w.Value, decoder.ComputeType), StringComparer.Ordinal));

        Tensor Own(Tensor tensor, ScalarType type)
        {
            using Tensor converted = tensor.to(type);
            using Tensor moved = converted.to(decoder.Device);
            return moved.clone().DetachFromDisposeScope();
        }
    }

    /// <summary>Puts the adapter into the decoder's layers.</summary>
    public void Attach(Decoder decoder)
    {
        decoder.Restore();
        if (TrainsWhole)
        {
            decoder.Train(saved);
        }
        else
        {
            decoder.Substitute(saved);
        }

        foreach (LinearLayer layer in decoder.Linears)
        {
            layer.Adapter = weights.GetValueOrDefault(layer.Path);
        }

        decoder.HeadLayer.Adapter = weights.GetValueOrDefault(decoder.HeadLayer.Path);
    }

    /// <summary>Takes any adapter off the decoder: its weights are the loaded ones again, to the bit.</summary>
    public static void Detach(Decoder decoder)
    {
        decoder.Restore();
        foreach (LinearLayer layer in decoder.Linears)
        {
            layer.Adapter = null;
        }

        decoder.HeadLayer.Adapter = null;
    }

    /// <summary>A copy of the factors and whole weights, for saving.</summary>
    public PeftAdapter ToPeft(string baseModel) => new(
        config,
        baseModel,
        weights.ToDictionary(w => w.Key, w => (Copy(w.Value.A), Copy(w.Value.B)), StringComparer.Ordinal),
        saved.ToDictionary(s => s.Key, s => Copy(s.Value), StringComparer.Ordinal));

    public void Dispose()
    {
        foreach (LoraWeights factors in weights.Values)
        {
            factors.A.Dispose();
            factors.B.Dispose();
        }

        foreach (Tensor weight in saved.Values)
        {
            weight.Dispose();
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
