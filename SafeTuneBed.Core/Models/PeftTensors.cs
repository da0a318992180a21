using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>The tensors of an adapter file: pairs of factors by module path, and whole weights by name. They keep their stored type.</summary>
/// <param name="Factors">A [r, in], B [out, r].</param>
/// <param name="Saved">Weights of modules that were trained whole, and embeddings after a change of the vocabulary.</param>
internal sealed partial record PeftTensors(Dictionary<string, (Tensor A, Tensor B)> Factors, Dictionary<string, Tensor> Saved)
{
    public const string Prefix = "base_model.model.";

    private static readonly string[] Embeddings = ["embed_tokens", "lm_head"];

    /// <summary>Reads and checks a file; every tensor of it has to be something.</summary>
    /// <exception cref="ModelFormatException">Tensors are of no known kind, lack their pair or have another rank; all are named.</exception>
    public static PeftTensors Read(string path, LoraConfig config)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        var rules = new AdapterRules(config);
        var faults = new ModelFaults(path);
        var pairs = new Dictionary<string, (string? A, string? B)>(StringComparer.Ordinal);
        var saved = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string name in file.Names)
        {
            string bare = name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
            if (!is_floating_point(file[name].DataType))
            {
                faults.Add($"tensor {ModelFaults.Quote(name)} holds {file[name].DataType}, but weights are floating-point");
            }
            else if (Factor().Match(bare) is { Success: true } factor)
            {
                AddFactor(pairs, factor.Groups["path"].Value, factor.Groups["which"].Value == "A", name, faults);
            }
            else if (Unsupported(bare) is { } fault)
            {
                faults.Add($"tensor {ModelFaults.Quote(name)} {fault}");
            }
            else if (!IsSavedWeight(Wrapping().Replace(bare, "."), config))
            {
                faults.Add($"tensor {ModelFaults.Quote(name)} is not a LoRA factor, and no entry of modules_to_save names it");
            }
            else if (!saved.TryAdd(Wrapping().Replace(bare, "."), name))
            {
                faults.Add($"tensor {ModelFaults.Quote(name)} is there twice, under another name");
            }
        }

        CheckPairs(file, pairs, rules, faults);
        faults.ThrowIfAny("Save the adapter again from PEFT.");
        return new PeftTensors(
            pairs.ToDictionary(p => p.Key, p => (Own(file, p.Value.A!), Own(file, p.Value.B!)), StringComparer.Ordinal),
            saved.ToDictionary(s => s.Key, s => Own(file, s.Value), StringComparer.Ordinal));
    }

    // Usually without the adapter's name, which PEFT strips when it saves.
    [GeneratedRegex(@"^(?<path>.+)\.lora_(?<which>[AB])(\.[^.]+)?\.weight$")]
    private static partial Regex Factor();

    [GeneratedRegex(@"\.modules_to_save\.[^.]+\.(?=[^.]+$)|\.(modules_to_save|base_layer)\.")]
    private static partial Regex Wrapping();

    private static string? Unsupported(string name) => name switch
    {
        _ when name.Contains(".lora_embedding_", StringComparison.Ordinal) => "adapts the embedding, which is not supported: merge the adapter in PEFT, or train the embedding with modules_to_save",
        _ when name.Contains(".lora_magnitude_vector", StringComparison.Ordinal) => "belongs to DoRA, which is not supported: merge the adapter in PEFT",
        _ when name.Contains(".lora_", StringComparison.Ordinal) => "is of a kind of LoRA that is not supported: merge the adapter in PEFT",
        _ => null,
    };

    private static bool IsSavedWeight(string name, LoraConfig config)
    {
        string module = name.LastIndexOf('.') is var dot and > 0 ? name[..dot] : "";
        return AdapterRules.IsSaved(module, config.ModulesToSave) || Embeddings.Any(e => AdapterRules.Names(module, e));
    }

    private static void AddFactor(Dictionary<string, (string? A, string? B)> pairs, string path, bool isA, string name, ModelFaults faults)
    {
        (string? a, string? b) = pairs.GetValueOrDefault(path);
        if ((isA ? a : b) is { } other)
        {
            faults.Add($"{ModelFaults.Quote(path)} has two of lora_{(isA ? "A" : "B")}: {ModelFaults.Quote(other)} and {ModelFaults.Quote(name)}");
        }

        pairs[path] = isA ? (name, b) : (a, name);
    }

    private static void CheckPairs(SafetensorsFile file, Dictionary<string, (string? A, string? B)> pairs, AdapterRules rules, ModelFaults faults)
    {
        foreach ((string module, (string? a, string? b)) in pairs)
        {
            int rank = rules.RankOf(module);
            if (a is null || b is null)
            {
                faults.Add($"{ModelFaults.Quote(module)} lacks lora_{(a is null ? "A" : "B")}");
            }
            else if (file[a].Shape is not [var rankA, _] || file[b].Shape is not [_, var rankB] || rankA != rank || rankB != rank)
            {
                faults.Add($"{ModelFaults.Quote(module)} has factors [{string.Join(", ", file[a].Shape)}] and [{string.Join(", ", file[b].Shape)}], not of rank {rank}");
            }
        }

        if (pairs.Count == 0)
        {
            faults.Add("it holds no LoRA factor");
        }
    }

    private static Tensor Own(SafetensorsFile file, string name)
    {
        using Tensor mapped = file.Read(name);
        return mapped.clone().DetachFromDisposeScope();
    }
}
