using SafeTuneBed.Training;
using TorchSharp;

namespace SafeTuneBed;

/// <summary>One micro-step, as a method sees it. Several micro-steps make an optimizer step when gradients are accumulated.</summary>
public sealed class TrainingStep
{
    private readonly TrainingLoop loop;

    internal TrainingStep(TrainingLoop loop, TokenBatch batch, double windowWeight) => (this.loop, Batch, WindowWeight) = (loop, batch, windowWeight);

    /// <summary>The rows of this micro-step.</summary>
    public TokenBatch Batch { get; }

    /// <summary>This micro-step's weight in its window; the weights of a window sum to 1.</summary>
    public double WindowWeight { get; }

    /// <summary>Optimizer steps made so far.</summary>
    public int OptimizerStep { get; internal init; }

    /// <summary>Micro-steps made so far.</summary>
    public int MicroStep { get; internal init; }

    /// <summary>Optimizer steps in all.</summary>
    public int TotalSteps { get; internal init; }

    /// <summary>Share of the run that is done, 0 to 1.</summary>
    public double Progress => (double)OptimizerStep / Math.Max(1, TotalSteps);

    /// <summary>What outlives a step.</summary>
    public TrainingState State => loop.State;

    /// <summary>The trainable parameters.</summary>
    public ParameterSet Parameters => loop.Parameters;

    /// <summary>One forward pass with graph.</summary>
    public ModelOutput Forward(TokenBatch batch) => loop.Forward(batch);

    /// <summary>
    /// The gradients of a loss, apart from the optimizer's, which stay as they are. Default loss: the method's own.
    /// </summary>
    public GradientSet Gradients(TokenBatch batch, Func<TokenBatch, ModelOutput, torch.Tensor>? loss = null) => loop.Gradients(this, batch, loss);

    /// <summary>Adds scale * <see cref="WindowWeight"/> * gradients to the optimizer's. Nothing else writes them.</summary>
    public void Accumulate(GradientSet gradients, double scale = 1) => loop.Accumulate(gradients, scale * WindowWeight);

    /// <summary>Forward, the method's loss, backward: adds the loss's gradients, weighted by <see cref="WindowWeight"/>, to the optimizer's.</summary>
    public void AccumulateLoss(TokenBatch batch) => loop.AccumulateLoss(this, batch);

    /// <summary>Logs a number of this optimizer step into the training log.</summary>
    public void Log(string name, double value) => loop.Log(name, value);
}
