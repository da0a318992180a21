using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>A LoRA adapter as PEFT keeps it: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, in either direction the same bits.</summary>
internal sealed class PeftAdapter(
    LoraConfig config, string baseModel, IReadOnlyDictionary<string, (Tensor A, Tensor B)> factors, IReadOnlyDictionary<string, Tensor>? saved = null) : IDisposable
{
    public const string ConfigFile = "adapter_config.json";
    public const string WeightsFile = "adapter_model.safetensors";
    private const string PickledFile = "adapter_model.bin";

    private string? fingerprint;

    // What the file said that was read: written again as it was, keys that are not used here included.
    private JsonObject? original;

    public LoraConfig Config { get; } = config;

    /// <summary>What <c>base_model_name_or_path</c> says.</summary>
    public string BaseModel { get; } = baseModel;

    /// <summary>Factors by module path, in their stored type: A [r, in], B [out, r].</summary>
    public IReadOnlyDictionary<string, (Tensor A, Tensor B)> Factors { get; } = factors;

    /// <summary>Whole weights by Hugging Face name, in their stored type: modules that were trained whole, and embeddings after a change of the vocabulary.</summary>
    public IReadOnlyDictionary<string, Tensor> Saved { get; } = saved ?? new Dictionary<string, Tensor>();

    /// <summary>Whether a saved embedding holds for a tied head too, and the other way round, although modules_to_save names one of them.</summary>
    public bool TiesEmbeddings { get; private init; }

    /// <summary>The folder it was read from, for messages.</summary>
    public string Source { get; private init; } = "(in memory)";

    /// <summary>SHA-256, hex, over the configuration and every number: equal adapters have the same.</summary>
    public string Fingerprint => fingerprint ??= ComputeFingerprint();

    public static bool IsFolder(string folder) => File.Exists(Path.Combine(folder, ConfigFile));

    /// <exception cref="ModelFormatException">The files are damaged, incomplete or ask for something unsupported.</exception>
    public static PeftAdapter Load(string folder)
    {
        string configPath = Path.Combine(folder, ConfigFile);
        string weightsPath = Path.Combine(folder, WeightsFile);
        if (!File.Exists(weightsPath) && File.Exists(Path.Combine(folder, PickledFile)))
        {
            throw new ModelFormatException(
                Path.Combine(folder, PickledFile), $"the adapter is stored as a Python pickle, which can run code when it is read. Save it as {WeightsFile}: load it in PEFT and call save_pretrained(folder, safe_serialization=True).");
        }

        foreach (string path in new[] { configPath, weightsPath })
        {
            if (!File.Exists(path))
            {
                throw new ModelFormatException(path, "the file is missing; a PEFT adapter is adapter_config.json and adapter_model.safetensors.");
            }
        }

        PeftConfig config = PeftConfig.Read(configPath);
        PeftTensors tensors = PeftTensors.Read(weightsPath, config.Lora);
        LoraConfig lora = config.Lora.TargetPattern is null && config.Lora.TargetModules.Count == 0
            ? config.Lora with { TargetModules = [.. tensors.Factors.Keys.Select(k => k[(k.LastIndexOf('.') + 1)..]).Distinct()] } // no target named: those that are there
            : config.Lora;
        return new PeftAdapter(lora, config.BaseModel, tensors.Factors, tensors.Saved) { Source = folder, TiesEmbeddings = config.TiesEmbeddings, original = config.Original };
    }

    /// <summary>Writes both files, each beside its name and then renamed.</summary>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach ((string path, (Tensor a, Tensor b)) in Factors)
        {
            tensors[$"{PeftTensors.Prefix}{path}.lora_A.weight"] = a;
            tensors[$"{PeftTensors.Prefix}{path}.lora_B.weight"] = b;
        }

        foreach ((string name, Tensor weight) in Saved)
        {
            tensors[PeftTensors.Prefix + name] = weight;
        }

        SafetensorsFile.Write(Path.Combine(folder, WeightsFile), tensors, new Dictionary<string, string> { ["format"] = "pt" });
        string file = Path.Combine(folder, ConfigFile);
        string beside = file + ".tmp";
        File.WriteAllText(beside, PeftConfigWriter.ToText(original ?? PeftConfigWriter.ToJson(Config, BaseModel)));
        File.Move(beside, file, overwrite: true);
    }

    private string ComputeFingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(PeftConfigWriter.ToText(original ?? PeftConfigWriter.ToJson(Config, BaseModel))));
        foreach ((string path, (Tensor a, Tensor b)) in Factors.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            Append(path, a);
            Append(path, b);
        }

        foreach ((string name, Tensor weight) in Saved.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            Append(name, weight);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Append(string name, Tensor tensor)
        {
            using Tensor host = tensor.detach().cpu().contiguous();
            hash.AppendData(Encoding.UTF8.GetBytes($"\n{name} {host.dtype} {string.Join(',', host.shape)}\n"));
            hash.AppendData(host.bytes);
        }
    }

    public void Dispose()
    {
        foreach ((Tensor a, Tensor b) in Factors.Values)
        {
            a.Dispose();
            b.Dispose();
        }

        foreach (Tensor weight in Saved.Values)
        {
            weight.Dispose();
        }
    }
}
