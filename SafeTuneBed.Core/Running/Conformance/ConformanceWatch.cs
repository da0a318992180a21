using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Running.Conformance;

/// <summary>A method's hooks under watch: what fed it, what moved, what it left behind.</summary>
internal sealed class ConformanceWatch(ITrainingHooks inner, TrainingContext context, ConformanceRun run) : ITrainingHooks
{
    private const string User = "user";

    private float[]? before;
    private bool[] frozen = [];

    public MethodNeeds Needs => inner.Needs;

    public TrainableWeights Trainable => inner.Trainable;

    public void PrepareModel(ModelContext model) => inner.PrepareModel(model);

    public void OnTrainingStarted(TrainingContext training)
    {
        run.FirstLosses = run.IsMeasured ? Losses() : run.FirstLosses;
        inner.OnTrainingStarted(training);
    }

    public BatchPlan PlanBatch(TrainingStep step)
    {
        run.Part = FormattableString.Invariant($"plan {step.OptimizerStep} {step.WindowIndex + run.PartOffset}");
        if (step.WindowIndex == 0)
        {
            frozen = [.. step.Parameters.Names.Select(step.Parameters.IsFrozen)];
            before = frozen.Contains(true) ? Values(step.Parameters) : null;
        }

        BatchPlan plan = inner.PlanBatch(step);
        run.Fed.Add(plan?.StreamName ?? User);
        return plan!;
    }

    public Tensor ComputeLoss(TrainingStep step, TokenBatch batch, ModelOutput output) => inner.ComputeLoss(step, batch, output);

    public void ComputeGradients(TrainingStep step)
    {
        run.Part = FormattableString.Invariant($"compute {step.OptimizerStep} {step.WindowIndex + run.PartOffset}");
        inner.ComputeGradients(step);
        run.Weights[FormattableString.Invariant($"{step.OptimizerStep} {step.WindowIndex}")] = step.WindowWeight;
    }

    public void OnGradientsReady(TrainingStep step)
    {
        run.Part = "ready";
        run.LastGradients = run.NotesBatches ? Gradients(step.Parameters) : run.LastGradients;
        inner.OnGradientsReady(step);
    }

    public void OnOptimizerStepped(TrainingStep step)
    {
        inner.OnOptimizerStepped(step);
        if (before is null)
        {
            return;
        }

        float[] after = Values(step.Parameters);
        int offset = 0;
        for (int i = 0; i < frozen.Length; i++)
        {
            string name = step.Parameters.Names[i];
            int count = (int)step.Parameters.Infos[i].Count;
            if (frozen[i] && step.Parameters.IsFrozen(name) && !before.AsSpan(offset, count).SequenceEqual(after.AsSpan(offset, count)))
            {
                run.MovedWhileFrozen.Add(name);
            }

            offset += count;
        }
    }

    public void OnTrainingFinished(TrainingContext training)
    {
        inner.OnTrainingFinished(training);
        run.Values = Values(training.Parameters);
        if (run.IsMeasured)
        {
            run.LastLosses = Losses();
            run.LiveLogits = Logits(context.LanguageModel.Decoder);
        }
    }

    /// <summary>Logits of a few rows, without a graph.</summary>
    public static float[] Logits(Models.Decoder decoder)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using TokenBatch batch = BatchCollator.Collate(ConformanceRows.Of(3, 900, decoder.VocabularySize, ExampleRole.Benign), decoder.Device);
        return decoder.Head(decoder.Hidden(batch.InputIds)).to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }

    // Of the user's rows and of each stream: what falls is what fed the steps.
    private Dictionary<string, double> Losses()
    {
        var losses = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach ((string name, IReadOnlyList<TokenizedExample> rows) in context.StreamRows.Append(KeyValuePair.Create(User, context.Examples)))
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            losses[name] = context.Forward(context.CreateBatch(rows)).CrossEntropy().item<float>();
        }

        return losses;
    }

    private static float[] Values(ParameterSet parameters) => Flatten(parameters, p => p.detach());

    private static float[] Gradients(ParameterSet parameters) => Flatten(parameters, p => p.grad is { IsInvalid: false } g ? g.detach() : zeros_like(p));

    private static float[] Flatten(ParameterSet parameters, Func<Tensor, Tensor> of)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var values = new float[parameters.Infos.Sum(i => i.Count)];
        int offset = 0;
        foreach (string name in parameters.Names)
        {
            using Tensor host = of(parameters[name]).to(ScalarType.Float32).cpu().contiguous();
            host.data<float>().CopyTo(values.AsSpan(offset));
            offset += (int)host.numel();
        }

        return values;
    }
}
