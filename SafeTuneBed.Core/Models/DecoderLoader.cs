using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Copies a folder's weights into a decoder: one pass over the bytes, converted on the way, so that memory peaks at about the model's size.</summary>
/// <remarks>
/// Copied and not left in the mapped file, because layers that read the same input are laid side by side, every weight then starts on an aligned address
/// whatever the file's layout, and a file that is replaced or truncated later can't end the process.
/// </remarks>
internal sealed class DecoderLoader(SafetensorsShards files, DecoderOptions options, ScalarType type, Device device) : IDisposable
{
    private readonly List<IDisposable> loaded = [];

    public DecoderLayer LoadLayer(int index)
    {
        string path = WeightLayout.Layer(options, index);
        var norms = WeightLayout.Norms(options).ToDictionary(n => n.Path, n => Load($"{path}.{n.Path}.weight"), StringComparer.Ordinal);
        long query = (long)options.HeadCount * options.HeadSize, key = (long)options.KeyValueHeadCount * options.HeadSize;
        string[] attention = options.FusedProjections ? ["self_attn.qkv_proj"] : ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];
        string[] gates = options.FusedProjections ? ["mlp.gate_up_proj"] : ["mlp.gate_proj", "mlp.up_proj"];
        return new DecoderLayer(
            DecoderLayerNorms.Of(norms, options.NormPlacement),
            Group(path, attention, query, key, key),
            Group(path, ["self_attn.o_proj"], options.HiddenSize),
            Group(path, gates, options.IntermediateSize, options.IntermediateSize),
            Group(path, ["mlp.down_proj"], options.HiddenSize));
    }

    /// <summary>A tensor of its own, owned by the decoder.</summary>
    public Tensor Load(string name)
    {
        Tensor tensor = empty([.. files.Find(name)!.Shape], type, device).DetachFromDisposeScope();
        loaded.Add(tensor);
        files.ReadInto(name, tensor);
        return tensor;
    }

    /// <summary>All went well: what was loaded now belongs to the decoder.</summary>
    public void Release() => loaded.Clear();

    /// <summary>Frees what was loaded before a failure.</summary>
    public void Dispose() => loaded.ForEach(t => t.Dispose());

    private ProjectionGroup Group(string layer, string[] paths, params long[] widths)
    {
        (string Path, long Out, long In, bool Bias)[] parts = [.. paths.Select(p => WeightLayout.Linears(options).First(l => l.Path == p))];
        long rows = parts.Sum(p => p.Out);
        Tensor weight = empty([rows, parts[0].In], type, device).DetachFromDisposeScope();
        loaded.Add(weight);
        Tensor? bias = parts[0].Bias ? empty([rows], type, device).DetachFromDisposeScope() : null;
        if (bias is not null)
        {
            loaded.Add(bias);
        }

        var members = new List<LinearLayer>();
        long start = 0;
        foreach ((string path, long count, _, _) in parts)
        {
            string full = $"{layer}.{path}";
            members.Add(new LinearLayer(full, Fill(weight, start, count, full + ".weight"), bias is null ? null : Fill(bias, start, count, full + ".bias")));
            start += count;
        }

        return new ProjectionGroup(weight, bias, members, widths);
    }

    private Tensor Fill(Tensor whole, long start, long count, string name)
    {
        using Tensor rows = whole.narrow(0, start, count);
        files.ReadInto(name, rows);
        Tensor part = rows.detach().DetachFromDisposeScope();   // a leaf, should it ever be trained
        loaded.Add(part);
        return part;
    }
}
