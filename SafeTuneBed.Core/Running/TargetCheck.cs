using SafeTuneBed.Models;

namespace SafeTuneBed.Running;

/// <summary>Whether a run's adapters fit a model, by the names of its layers.</summary>
internal static class TargetCheck
{
    /// <exception cref="ConfigurationException">A name or pattern matches nothing.</exception>
    public static void Run(string method, LoraConfig lora, ModelDescription model)
    {
        try
        {
            if (model.LinearPaths.Count > 0)
            {
                TargetModules.Check(model.LinearPaths, model.HeadPath, model.BlockCount, lora);
            }
        }
        catch (ConfigurationException e)
        {
            throw new ConfigurationException($"Method '{method}' on model '{model.Model.DisplayName}': {e.Message}", e);
        }
    }
}
