using TorchSharp;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>Keeps a tensor of every step out of the hook's scope.</summary>
public sealed class LeakingAlgorithm : MethodAlgorithm
{
    private static readonly List<torch.Tensor> Norms = [];

    protected override void OnGradientsReady(TrainingStep step) => Norms.Add(torch.ones(1).DetachFromDisposeScope());
}

/// <summary>Pulls to where the first step began, which it keeps in a field.</summary>
public sealed class FieldAnchorAlgorithm : MethodAlgorithm
{
    private Dictionary<string, float[]>? anchor;

    protected override void ComputeGradients(TrainingStep step)
    {
        anchor ??= step.Parameters.Names.ToDictionary(n => n, n => step.Parameters[n].detach().data<float>().ToArray());
        step.AccumulateLoss(step.Batch);
        using GradientSet drift = step.Parameters.Minus(step.Parameters.Snapshot());
        foreach (string name in step.Parameters.Names)
        {
            using torch.Tensor then = torch.tensor(anchor[name], step.Parameters[name].shape), moved = step.Parameters[name].detach().sub(then), place = drift[name];
            using var noGrad = torch.no_grad();
            place.copy_(moved);
        }

        step.Accumulate(drift, 0.3);
    }
}

/// <summary>Calls backward itself in place of accumulating.</summary>
public sealed class DirectGradientAlgorithm : MethodAlgorithm
{
    protected override void ComputeGradients(TrainingStep step) => step.Forward(step.Batch).CrossEntropy().backward();
}

/// <summary>Freezes the first block and then writes to it.</summary>
public sealed class ThawingAlgorithm : MethodAlgorithm
{
    protected override void OnTrainingStarted(TrainingContext context) => context.Parameters.SetTrainable(p => p.Layer != 0);

    protected override void OnOptimizerStepped(TrainingStep step)
    {
        using var noGrad = torch.no_grad();
        foreach (ParameterInfo frozen in step.Parameters.Infos.Where(p => p.Layer == 0 && p.Part == "lora_B"))
        {
            using torch.Tensor noise = torch.full_like(step.Parameters[frozen.Name], 1e-3);
            step.Parameters[frozen.Name].add_(noise);
        }
    }
}

/// <summary>Draws its noise from torch's global generator.</summary>
public sealed class GlobalNoiseAlgorithm : MethodAlgorithm
{
    protected override void ComputeGradients(TrainingStep step)
    {
        using GradientSet gradients = step.Gradients(step.Batch);
        foreach (string name in step.Parameters.Names)
        {
            using torch.Tensor place = gradients[name], noise = torch.randn(step.Parameters[name].shape);
            using torch.Tensor small = noise.mul(1e-3);
            place.add_(small);
        }

        step.Accumulate(gradients);
    }
}

/// <summary>Cuts prompts at places that only this instance knows.</summary>
public sealed class FickleRowsAlgorithm : MethodAlgorithm
{
    private static int instances;
    private readonly int number = Interlocked.Increment(ref instances);

    public override MethodStage Stage => MethodStage.Data;

    protected override TokenizedExample TransformTokens(TokenizedExample example, DataContext context) => example with { InputIds = [number % 1000, .. example.InputIds], PromptTokenCount = example.PromptTokenCount + 1 };
}

/// <summary>Divides by the window's size what the loop weighs already.</summary>
public sealed class TwiceWeighedAlgorithm : MethodAlgorithm
{
    protected override void ComputeGradients(TrainingStep step)
    {
        using GradientSet gradients = step.Gradients(step.Batch);
        step.Accumulate(gradients, 1.0 / step.WindowSize);
    }
}
