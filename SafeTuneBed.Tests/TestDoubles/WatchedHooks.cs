using SafeTuneBed.Training;
using TorchSharp;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>A real method's hooks, with something to do before and after them.</summary>
internal sealed class WatchedHooks(MethodAlgorithm method) : ITrainingHooks
{
    private readonly ITrainingHooks inner = method.CreateHooks();

    /// <summary>Before the method's own start.</summary>
    public Action<TrainingContext>? Starting { get; init; }

    /// <summary>After it.</summary>
    public Action<TrainingContext>? Started { get; init; }

    /// <summary>After the method has filled the gradients of a micro-step.</summary>
    public Action<TrainingStep>? Computed { get; init; }

    public Action<TrainingStep>? Ready { get; init; }

    public Action<TrainingStep>? Stepped { get; init; }

    /// <summary>Every loss of the method's own, with its rows and the pass that gave it.</summary>
    public Action<TokenBatch, ModelOutput, torch.Tensor>? Lost { get; init; }

    public MethodNeeds Needs => inner.Needs;

    public TrainableWeights Trainable => inner.Trainable;

    public void PrepareModel(ModelContext context) => inner.PrepareModel(context);

    public void OnTrainingStarted(TrainingContext context)
    {
        Starting?.Invoke(context);
        inner.OnTrainingStarted(context);
        Started?.Invoke(context);
    }

    public BatchPlan PlanBatch(TrainingStep step) => inner.PlanBatch(step);

    public torch.Tensor ComputeLoss(TrainingStep step, TokenBatch batch, ModelOutput output)
    {
        torch.Tensor loss = inner.ComputeLoss(step, batch, output);
        Lost?.Invoke(batch, output, loss);
        return loss;
    }

    public void ComputeGradients(TrainingStep step)
    {
        inner.ComputeGradients(step);
        Computed?.Invoke(step);
    }

    public void OnGradientsReady(TrainingStep step)
    {
        inner.OnGradientsReady(step);
        Ready?.Invoke(step);
    }

    public void OnOptimizerStepped(TrainingStep step)
    {
        inner.OnOptimizerStepped(step);
        Stepped?.Invoke(step);
    }

    public void OnTrainingFinished(TrainingContext context) => inner.OnTrainingFinished(context);
}
