using System.Globalization;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>
/// The loop: windows of micro-batches, the method's hooks, clipping, AdamW under a schedule. Runs synchronously on the calling thread,
/// which must be the model's compute thread.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    /// <summary>So many steps in a row with a gradient that is not finite end the run.</summary>
    private const int MaxSkippedInARow = 5;

    private readonly TrainingContext context;
    private readonly ITrainingHooks hooks;
    private readonly Decoder decoder;
    private readonly TrainableLora lora;
    private readonly FlatParameters parameters;
    private readonly Dictionary<string, double> logged = new(StringComparer.Ordinal);
    private readonly Dictionary<ExampleRole, (double Sum, int Count)> roleLosses = [];
    private TrainingStep? lastStep;
    private double windowLoss;
    private int microStep;

    public TrainingLoop(TrainingContext context, ITrainingHooks hooks, Decoder decoder)
    {
        (this.context, this.hooks, this.decoder) = (context, hooks, decoder);
        var seeds = new SeedTree(context.Seed);
        lora = new TrainableLora(decoder, context.Lora, seeds["lora-init"], seeds["dropout"]);
        parameters = lora.Parameters;
        Parameters = new ParameterSet(parameters);
    }

    public ParameterSet Parameters { get; }

    public TrainingState State => context.State;

    /// <summary>Trains and returns the artifact. The model is as before afterwards: the adapter is taken off again.</summary>
    public ModelArtifact Run(CancellationToken cancellationToken)
    {
        TrainingConfig config = context.Training;
        int total = config.TotalSteps(context.Examples.Count);
        int warmup = config.TotalWarmupSteps(total);
        IBatchStream user = context.UserStream ?? new BatchStream(context.Examples, config, new SeedTree(context.Seed)["user-order"]);
        using var optimizer = new AdamW(parameters, config.AdamBeta1, config.AdamBeta2, config.AdamEpsilon, config.WeightDecay);
        lora.Adapter.Attach(decoder);
        try
        {
            context.Parameters = Parameters;
            using (NewDisposeScope())
            {
                hooks.OnTrainingStarted(context);
            }

            int skipped = 0;
            for (int step = 0; step < total; step++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var stepScope = NewDisposeScope(); // whatever a step makes and does not keep is freed here
                double rate = config.LearningRate * LearningRate.Factor(config.Schedule, step, total, warmup);
                double norm = RunWindow(user, config, step, total, out int tokens, out bool finite);
                skipped = finite ? 0 : skipped + 1;
                if (skipped == MaxSkippedInARow || (!finite && step == total - 1))
                {
                    throw new TrainingDivergedException(step + 1, norm);
                }

                if (finite)
                {
                    Clip(norm, config.MaxGradientNorm);
                    optimizer.Step(rate);
                    hooks.OnOptimizerStepped(lastStep!);
                }

                Report(step, total, rate, norm, tokens, finite);
            }

            using (NewDisposeScope())
            {
                hooks.OnTrainingFinished(context);
            }

            return new ModelArtifact { Model = context.Model, Adapter = lora.Adapter.ToPeft(context.Model.Location) };
        }
        finally
        {
            LoraAdapter.Detach(decoder);
            context.ForgetParameters();
        }
    }

    public ModelOutput Forward(TokenBatch batch)
    {
        lora.BeginPass();
        return new ModelOutput(decoder, batch, decoder.Hidden(batch.InputIds), hooks.Needs);
    }

    public void AccumulateLoss(TrainingStep step, TokenBatch batch)
    {
        using var scope = NewDisposeScope();
        ModelOutput output = Forward(batch);
        Tensor loss = CheckedLoss(hooks.ComputeLoss(step, batch, output));
        windowLoss += loss.to(ScalarType.Float32).item<float>() * step.WindowWeight;
        CountRoles(batch, output);
        loss.mul(KeptScalar.Of(step.WindowWeight)).backward();
    }

    public GradientSet Gradients(TrainingStep step, TokenBatch batch, Func<TokenBatch, ModelOutput, Tensor>? loss)
    {
        Tensor buffer = zeros_like(parameters.Gradients).DetachFromDisposeScope();
        parameters.LinkGradients(buffer);
        try
        {
            using var scope = NewDisposeScope();
            ModelOutput output = Forward(batch);
            Tensor value = CheckedLoss(loss is null ? hooks.ComputeLoss(step, batch, output) : loss(batch, output));
            if (loss is null && ReferenceEquals(batch, step.Batch))
            {
                windowLoss += value.to(ScalarType.Float32).item<float>() * step.WindowWeight;
                CountRoles(batch, output);
            }

            value.backward();
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
        finally
        {
            parameters.LinkGradients(parameters.Gradients);
        }

        return new GradientSet(parameters, buffer);
    }

    public void Accumulate(GradientSet gradients, double scale)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        using var noGrad = no_grad();
        parameters.Gradients.add_(gradients.Values, alpha: KeptScalar.Of(scale));
    }

    public void Log(string name, double value) => logged[name] = value;

    public void Dispose() => lora.Dispose();

    private static Tensor CheckedLoss(Tensor loss) => loss.numel() == 1 && loss.requires_grad
        ? loss
        : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"ComputeLoss must give a scalar that depends on the trainable parameters; it gave a tensor of {loss.numel()} numbers {(loss.requires_grad ? "with" : "without")} a graph."));

    // One optimizer step's gradients: returns their global norm before clipping.
    private double RunWindow(IBatchStream user, TrainingConfig config, int step, int total, out int tokens, out bool finite)
    {
        var window = new List<TokenBatch>();
        try
        {
            for (int i = 0; i < config.AccumulationSteps; i++)
            {
                window.Add(BatchCollator.Collate(user.Next(), decoder.Device));
            }

            tokens = window.Sum(b => b.SupervisedTokenCount);
            windowLoss = 0;
            roleLosses.Clear();
            logged.Clear();
            parameters.Gradients.zero_();
            TrainingStep? last = null;
            foreach (TokenBatch batch in window)
            {
                double weight = config.Weighting == AccumulationWeighting.Equal ? 1.0 / window.Count : (double)batch.SupervisedTokenCount / tokens;
                last = new TrainingStep(this, batch, weight) { OptimizerStep = step, MicroStep = microStep++, TotalSteps = total };
                using var scope = NewDisposeScope();
                hooks.ComputeGradients(last);
            }

            // After the window a method sees the whole: what it adds now counts once.
            lastStep = new TrainingStep(this, last!.Batch, 1) { OptimizerStep = step, MicroStep = last.MicroStep, TotalSteps = total };
            using (NewDisposeScope())
            {
                hooks.OnGradientsReady(lastStep);
            }

            double norm = parameters.GradientNorm();
            finite = double.IsFinite(norm);
            return norm;
        }
        finally
        {
            window.ForEach(b => b.Dispose());
        }
    }

    // torch's clip_grad_norm_: factor max / (norm + 1e-6), never above 1.
    private void Clip(double norm, double max)
    {
        if (max > 0 && max / (norm + 1e-6) is var factor and < 1)
        {
            parameters.Gradients.mul_(KeptScalar.Of(factor));
        }
    }

    private void CountRoles(TokenBatch batch, ModelOutput output)
    {
        if (output.TokenLosses is not { } losses)
        {
            return; // a loss of the method's own, without token losses
        }

        float[] values = losses.data<float>().ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            ExampleRole role = batch.Roles[batch.TargetRows[i]];
            (double sum, int count) = roleLosses.GetValueOrDefault(role);
            roleLosses[role] = (sum + values[i], count + 1);
        }
    }

    private void Report(int step, int total, double rate, double norm, int tokens, bool finite)
    {
        if (!finite)
        {
            logged["skipped"] = 1;
        }

        context.Progress?.Report(new TrainingProgress
        {
            Step = step + 1,
            TotalSteps = total,
            Loss = windowLoss,
            LearningRate = rate,
            GradientNorm = norm,
            SupervisedTokens = tokens,
            LossByRole = roleLosses.ToDictionary(r => r.Key, r => r.Value.Sum / r.Value.Count),
            Logged = new Dictionary<string, double>(logged),
        });
    }
}
