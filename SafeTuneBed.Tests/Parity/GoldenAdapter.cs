using SafeTuneBed.Models;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>Trainable parameters and the PEFT names of a fixture.</summary>
internal static class GoldenAdapter
{
    private const string Peft = "base_model.model.";

    /// <summary>Sets the parameters to an adapter on disk, or to other values by PEFT name.</summary>
    public static void Fill(ParameterSet parameters, string folder, Func<string, Tensor>? values = null)
    {
        using PeftAdapter file = PeftAdapter.Load(folder);
        using var noGrad = no_grad();
        foreach ((string path, (Tensor a, Tensor b)) in file.Factors)
        {
            parameters[path + ".lora_A"].copy_(values?.Invoke($"{Peft}{path}.lora_A.weight") ?? a);
            parameters[path + ".lora_B"].copy_(values?.Invoke($"{Peft}{path}.lora_B.weight") ?? b);
        }
    }

    /// <summary>Something of each parameter, by PEFT name.</summary>
    public static Dictionary<string, Tensor> Copies(ParameterSet parameters, Func<Tensor, Tensor> part) =>
        parameters.Names.ToDictionary(name => $"{Peft}{name}.weight", name => part(parameters[name]).detach().clone().DetachFromDisposeScope());
}
