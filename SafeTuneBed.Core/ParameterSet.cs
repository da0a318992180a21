using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed;

/// <summary>The trainable parameters as they are now.</summary>
public sealed class ParameterSet
{
    private readonly FlatParameters flat;

    internal ParameterSet(FlatParameters flat)
    {
        this.flat = flat;
        Infos = [.. flat.Names.Select(name => ParameterInfo.Of(name, flat.SizeOf(name)))];
    }

    /// <summary>Names, such as <c>model.layers.0.self_attn.q_proj.lora_A</c>, in the order of the network.</summary>
    public IReadOnlyList<string> Names => flat.Names;

    /// <summary>What is known of each parameter, in the same order.</summary>
    public IReadOnlyList<ParameterInfo> Infos { get; }

    /// <summary>Numbers in all parameters, frozen ones included.</summary>
    public long Count => flat.Count;

    /// <summary>The leaf tensor of a parameter.</summary>
    public Tensor this[string parameter] => flat[parameter];

    /// <summary>Whether a parameter takes no part in training at present.</summary>
    public bool IsFrozen(string parameter) => !flat.IsActive(parameter);

    /// <summary>
    /// Says which parameters train from now on; the others are frozen: no gradient is formed for them, and their values, moments, step counts and weight decay stand
    /// still until they train again. Allowed between forward passes, also in mid-run; it survives a restart.
    /// </summary>
    /// <exception cref="InvalidOperationException">No parameter would be left.</exception>
    public void SetTrainable(Func<ParameterInfo, bool> trains)
    {
        ArgumentNullException.ThrowIfNull(trains);
        flat.SetActive([.. Infos.Select(trains)]);
    }

    /// <summary>A copy of all values.</summary>
    public ParameterSnapshot Snapshot()
    {
        using var noGrad = no_grad();
        return new(flat.Values.clone());
    }

    /// <summary>Now minus then, as a new set.</summary>
    public GradientSet Minus(ParameterSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        using var noGrad = no_grad();
        return new(flat, flat.Values.sub(snapshot.Values));
    }

    /// <summary>Sets all values to those of the snapshot, to the bit.</summary>
    public void Restore(ParameterSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        using var noGrad = no_grad();
        flat.Values.copy_(snapshot.Values);
    }
}

/// <summary>One trainable parameter.</summary>
/// <param name="Name">Its full name, such as <c>model.layers.3.self_attn.q_proj.lora_A</c>.</param>
/// <param name="Layer">The block's number from 0; null outside the blocks.</param>
/// <param name="Module">The module that it belongs to, such as <c>q_proj</c>.</param>
/// <param name="Part">The last part of the name: <c>lora_A</c> or <c>lora_B</c>.</param>
/// <param name="Count">Numbers in it.</param>
public sealed record ParameterInfo(string Name, int? Layer, string Module, string Part, long Count)
{
    internal static ParameterInfo Of(string name, long count)
    {
        string[] parts = name.Split('.');
        int block = Array.IndexOf(parts, "layers");
        int? layer = block >= 0 && block + 1 < parts.Length
            && int.TryParse(parts[block + 1], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int number) ? number : null;
        return new ParameterInfo(name, layer, parts.Length > 1 ? parts[^2] : "", parts[^1], count);
    }
}
