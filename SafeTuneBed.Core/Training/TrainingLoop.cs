using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>
/// The loop: windows of micro-batches, the method's hooks, clipping, AdamW under a schedule, checkpoints. Runs synchronously on the calling thread,
/// which must be the model's compute thread.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    /// <summary>So many steps in a row with a gradient that is not finite end the run.</summary>
    private const int MaxSkippedInARow = 5;

    private readonly TrainingContext context;
    private readonly TrainingConfig config;
    private readonly ITrainingHooks hooks;
    private readonly Decoder decoder;
    private readonly TrainingSession session;
    private readonly AdamW optimizer;
    private readonly LoopState state;
    private readonly int total;
    private readonly int totalMicroSteps;

    public TrainingLoop(TrainingContext context, ITrainingHooks hooks, Decoder decoder)
    {
        (this.context, this.hooks, this.decoder, config) = (context, hooks, decoder, context.Training);
        session = new TrainingSession(context, hooks, decoder);
        optimizer = new AdamW(session.Flat, config.AdamBeta1, config.AdamBeta2, config.AdamEpsilon, config.WeightDecay);
        state = new LoopState(session, optimizer, context.BeginPhase());
        total = config.TotalSteps(context.Examples.Count);
        totalMicroSteps = session.User.BatchesPerEpoch is null ? checked(total * config.AccumulationSteps) : config.TotalMicroSteps(context.Examples.Count, total);
    }

    /// <summary>Trains and returns the artifact. The model is as before afterwards: the adapter is taken off again.</summary>
    /// <param name="cancellationToken">Stops between two steps, with a checkpoint where checkpoints are kept.</param>
    public ModelArtifact Run(CancellationToken cancellationToken)
    {
        session.Lora.Adapter.Attach(decoder);
        try
        {
            context.Bind(session);
            if (context.Checkpoints?.TryRestore(state) != true)
            {
                session.Call(() => hooks.OnTrainingStarted(context));
                session.FreeBatches();
            }

            while (state.Step < total)
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    context.Checkpoints?.Save(state);
                    cancellationToken.ThrowIfCancellationRequested();
                }

                RunStep();
                context.Checkpoints?.SaveIfDue(state);
            }

            session.Call(() => hooks.OnTrainingFinished(context));
            LoraAdapter trained = session.Lora.Adapter;
            return trained.TrainsWhole
                ? new ModelArtifact { Model = context.Model, Whole = WholeModel.Of(decoder, trained.Whole) }
                : new ModelArtifact { Model = context.Model, Adapter = trained.ToPeft(context.Model.Location) };
        }
        finally
        {
            LoraAdapter.Detach(decoder);
            context.Bind(null);
        }
    }

    public void Dispose()
    {
        optimizer.Dispose();
        session.Dispose();
    }

    private void RunStep()
    {
        using var scope = NewDisposeScope(); // whatever a step makes and does not keep is freed here
        try
        {
            int step = state.Step;
            session.Figures.Begin();
            double rate = config.LearningRate * LearningRate.Factor(config.Schedule, step, total, config.TotalWarmupSteps(total));
            List<TrainingStep> window = PlanWindow(out int tokens);
            TrainingStep whole = ComputeWindow(window);
            double norm = session.Flat.GradientNorm();
            bool finite = double.IsFinite(norm);
            state.Skipped = finite ? 0 : state.Skipped + 1;
            if (state.Skipped == MaxSkippedInARow || (!finite && step == total - 1))
            {
                throw new TrainingDivergedException(step + 1, norm);
            }

            if (finite)
            {
                Clip(norm, config.MaxGradientNorm);
                optimizer.Step(rate);
                session.Guard?.Note();
                session.Call(() => hooks.OnOptimizerStepped(whole));
            }
            else
            {
                session.Figures.Log("skipped", 1);
            }

            state.Step++;
            Report(rate, norm, tokens);
        }
        finally
        {
            session.FreeBatches();
        }
    }

    // All batches of the window are chosen and made before the first is used: their tokens are what weights are made of.
    private List<TrainingStep> PlanWindow(out int tokens)
    {
        int size = session.User.BatchesPerEpoch is { } batches ? (int)Math.Min(config.AccumulationSteps, batches - (state.MicroSteps % batches)) : config.AccumulationSteps;
        var window = new List<TrainingStep>(size);
        for (int i = 0; i < size; i++)
        {
            var step = new TrainingStep(session)
            {
                OptimizerStep = state.Step,
                MicroStep = checked((int)state.MicroSteps++),
                TotalSteps = total,
                TotalMicroSteps = totalMicroSteps,
                WindowIndex = i,
                WindowSize = size,
                CountsLoss = true,
            };
            session.Call(() => Decide(step));
            window.Add(step);
        }

        int all = tokens = window.Sum(s => s.Batch.SupervisedTokenCount);
        window.ForEach(s => s.Weigh(config.Weighting == AccumulationWeighting.Equal ? 1.0 / size : (double)s.Batch.SupervisedTokenCount / all));
        return window;
    }

    private void Decide(TrainingStep step)
    {
        BatchPlan plan = hooks.PlanBatch(step) ?? throw new InvalidOperationException("PlanBatch returned null. Return BatchPlan.User or BatchPlan.Stream(name).");
        if (plan.StreamName is not { } name)
        {
            step.Decide(plan, session.Collate(session.User.Next()));
            return;
        }

        TrainingStream stream = session.Stream(name);
        if (!plan.KeepsUserBatch)
        {
            session.User.Position++;
        }

        step.Decide(plan, stream.Next());
    }

    private TrainingStep ComputeWindow(List<TrainingStep> window)
    {
        session.Flat.Gradients.zero_();
        session.Guard?.Note();
        foreach (TrainingStep step in window)
        {
            session.Call(() => hooks.ComputeGradients(step));
            session.Figures.End(step);
        }

        // After the window a method sees the whole: what it adds now counts once.
        TrainingStep last = window[^1];
        var whole = new TrainingStep(session)
        {
            OptimizerStep = last.OptimizerStep,
            MicroStep = last.MicroStep,
            TotalSteps = total,
            TotalMicroSteps = totalMicroSteps,
            WindowIndex = last.WindowIndex,
            WindowSize = last.WindowSize,
        };
        whole.Decide(last.Plan, last.Batch);
        whole.Weigh(1);
        session.Call(() => hooks.OnGradientsReady(whole));
        return whole;
    }

    // torch's clip_grad_norm_: factor max / (norm + 1e-6), never above 1.
    private void Clip(double norm, double max)
    {
        if (max > 0 && max / (norm + 1e-6) is var factor and < 1)
        {
            session.Flat.Gradients.mul_(KeptScalar.Of(factor));
        }
    }

    private void Report(double rate, double norm, int tokens) => context.Progress?.Report(new TrainingProgress
    {
        Step = state.Step,
        TotalSteps = total,
        Loss = session.Figures.Loss,
        LearningRate = rate,
        GradientNorm = norm,
        SupervisedTokens = tokens,
        LossByRole = session.Figures.LossByRole,
        Logged = session.Figures.Logged,
    });
}
