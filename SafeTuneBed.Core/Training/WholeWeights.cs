using SafeTuneBed.Models;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>Which weights a run trains whole beside its adapters: those of <see cref="LoraConfig.ModulesToSave"/>.</summary>
internal static class WholeWeights
{
    /// <summary>Hugging Face names of the weights. Embedding and output head can be trained; of other modules an adapter is the way.</summary>
    /// <exception cref="ConfigurationException">A module is unknown, or can't be trained whole.</exception>
    public static IReadOnlyList<string> Select(Decoder decoder, LoraConfig config)
    {
        string[] possible = [WeightLayout.Embedding, WeightLayout.Head];
        IReadOnlyList<string> modules = config.ModulesToSave ?? [];
        string[] names = [.. decoder.Weights.Keys.Union(possible, StringComparer.Ordinal).Where(n => AdapterRules.IsSaved(Module(n), modules))];
        string[] wrong = [.. modules.Where(m => !names.Any(n => AdapterRules.IsSaved(Module(n), [m])) || names.Except(possible).Any(n => AdapterRules.IsSaved(Module(n), [m])))];
        return wrong.Length == 0
            ? names
            : throw new ConfigurationException(
                $"ModulesToSave names {string.Join(", ", wrong)}, which can't be trained whole. Training can do {string.Join(" and ", possible.Select(p => p.Split('.')[^2]))}; for other layers name them in TargetModules. (Adapters that were trained elsewhere are loaded whatever they saved.)");
    }

    /// <summary>The loaded weight; of a tied head the embedding.</summary>
    public static Tensor Of(Decoder decoder, string name) => decoder.Weights.GetValueOrDefault(name) ?? decoder.Weights[WeightLayout.Embedding];

    private static string Module(string weight) => weight[..weight.LastIndexOf('.')];
}
