using SafeTuneBed.Diagnostics;
using SafeTuneBed.Training;
using static TorchSharp.torch;

namespace SafeTuneBed.Sandbox.Making;

/// <summary>How a whole model is trained.</summary>
internal sealed record FullTrainingPlan
{
    public required int Steps { get; init; }

    public required double LearningRate { get; init; }

    /// <summary>Share of the steps over which the rate rises.</summary>
    public required double Warmup { get; init; }

    /// <summary>Share of the rate that is left at the end of the cosine.</summary>
    public double Floor { get; init; }

    public double Beta2 { get; init; } = 0.999;

    public double WeightDecay { get; init; } = 0.1;

    /// <summary>The largest norm of all gradients together.</summary>
    public double MaxNorm { get; init; } = 1;

    /// <summary>The rate of a step, from 0: it rises to the peak, then follows a cosine to the floor.</summary>
    public double RateOf(int step)
    {
        int warm = Math.Max(1, (int)(Warmup * Steps));
        if (step < warm)
        {
            return LearningRate * (step + 1) / warm;
        }

        double progress = (double)(step - warm) / Math.Max(1, Steps - warm);
        return LearningRate * (Floor + ((1 - Floor) * 0.5 * (1 + Math.Cos(Math.PI * progress))));
    }
}

/// <summary>Trains all weights of a decoder. Runs on the calling thread.</summary>
internal static class FullTrainer
{
    /// <summary>Makes all steps of a plan.</summary>
    /// <param name="model">The weights, changed in place.</param>
    /// <param name="plan">Steps and rates.</param>
    /// <param name="next">The rows of the next step.</param>
    /// <param name="report">Hears the step (from 1) and its mean loss.</param>
    /// <param name="cancellationToken">Asked before every step.</param>
    /// <returns>The mean loss of the last tenth of the steps.</returns>
    /// <exception cref="TrainingDivergedException">A gradient is not finite.</exception>
    public static double Train(FlatDecoder model, FullTrainingPlan plan, Func<PackedRows> next, Action<int, double>? report, CancellationToken cancellationToken)
    {
        using var matrices = new AdamW(model.Matrices, 0.9, plan.Beta2, 1e-8, plan.WeightDecay);
        using var vectors = new AdamW(model.Vectors, 0.9, plan.Beta2, 1e-8, 0);
        double tail = 0;
        int tailFrom = plan.Steps - Math.Max(1, plan.Steps / 10);
        for (int step = 0; step < plan.Steps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            model.Matrices.Gradients.zero_();
            model.Vectors.Gradients.zero_();
            double loss = Backward(model, next());
            double norm = Math.Sqrt(Math.Pow(model.Matrices.GradientNorm(), 2) + Math.Pow(model.Vectors.GradientNorm(), 2));
            if (!double.IsFinite(norm))
            {
                throw new TrainingDivergedException(step + 1, norm);
            }

            if (plan.MaxNorm / (norm + 1e-6) is var factor and < 1)
            {
                model.Matrices.Gradients.mul_(KeptScalar.Of(factor));
                model.Vectors.Gradients.mul_(KeptScalar.Of(factor));
            }

            matrices.Step(plan.RateOf(step));
            vectors.Step(plan.RateOf(step));
            tail += step >= tailFrom ? loss : 0;
            report?.Invoke(step + 1, loss);
        }

        return tail / (plan.Steps - tailFrom);
    }

    /// <summary>Adds the gradients of the mean loss over the supervised places; returns that loss.</summary>
    public static double Backward(FlatDecoder model, PackedRows rows)
    {
        using var scope = NewDisposeScope();
        Tensor ids_BT = tensor(rows.Ids, [rows.RowCount, rows.Length]), places_N = tensor(rows.Places), targets_N = tensor(rows.Targets);
        Tensor hidden_BTD = model.Decoder.Hidden(ids_BT);
        Tensor picked_ND = hidden_BTD.view(-1, hidden_BTD.size(-1)).index_select(0, places_N);
        Tensor loss = TiedCrossEntropy.Sum(picked_ND, model.Decoder.HeadWeight, targets_N).mul(KeptScalar.Of(1.0 / rows.Targets.Length));
        loss.backward();
        return loss.item<float>();
    }
}
