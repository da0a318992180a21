using TorchSharp;

namespace SafeTuneBed.Training;

/// <summary>What the loop knows of a method.</summary>
internal interface ITrainingHooks
{
    MethodNeeds Needs { get; }

    TrainableWeights Trainable => TrainableWeights.Adapters;

    void PrepareModel(ModelContext context)
    {
    }

    void OnTrainingStarted(TrainingContext context);

    BatchPlan PlanBatch(TrainingStep step) => BatchPlan.User;

    torch.Tensor ComputeLoss(TrainingStep step, TokenBatch batch, ModelOutput output);

    void ComputeGradients(TrainingStep step);

    void OnGradientsReady(TrainingStep step);

    void OnOptimizerStepped(TrainingStep step);

    void OnTrainingFinished(TrainingContext context);
}
