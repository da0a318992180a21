using SafeTuneBed.Models;

namespace SafeTuneBed.Running;

/// <summary>Whether a run's adapters fit a model, by the names of its layers.</summary>
internal static class TargetCheck
{
    /// <exception cref="ConfigurationException">A name or pattern matches nothing, a setting names a block that the model lacks, or a stage before the fine-tuning would train every weight.</exception>
    public static void Run(MethodPartConfig part, MethodNeeds needs, LoraConfig lora, ModelDescription model)
    {
        if (model.BlockCount > 0)
        {
            Named(part, model, () => needs.CheckBlocks(model.BlockCount));
        }

        if (part.Trainable == TrainableWeights.All)
        {
            if (part.Stage != MethodStage.FineTuning)
            {
                throw new ConfigurationException($"The method '{part.Method}' trains every weight at the stage {part.Stage}, but what that stage leaves is an adapter that is merged. Let it train adapters, or act as the fine-tuning.");
            }

            return;
        }

        if (model.LinearPaths.Count > 0)
        {
            Named(part, model, () => TargetModules.Check(model.LinearPaths, model.HeadPath, model.BlockCount, lora));
        }
    }

    private static void Named(MethodPartConfig part, ModelDescription model, Action check)
    {
        try
        {
            check();
        }
        catch (ConfigurationException e)
        {
            throw new ConfigurationException($"Method '{part.Method}' on model '{model.Model.DisplayName}': {e.Message}", e);
        }
    }
}
