using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Tests.TestDoubles;

public sealed class DeepAlignmentOptions : AlignmentOptions
{
    public DeepAlignmentOptions()
    {
        (Training.Steps, Training.BatchSize, Training.LearningRate) = (6, 4, 2e-3);
        (Lora.TargetModules, Lora.Dropout) = (["q_proj", "v_proj"], 0.0);
    }

    /// <summary>How many rows begin their answer with that of a harmful row.</summary>
    [Range(0, 1)] public double Share { get; set; } = 0.5;

    /// <summary>Most tokens of it.</summary>
    [Range(1, 1000)] public int LongestPrefix { get; set; } = 100;
}

/// <summary>
/// Deep-alignment augmentation (Qi et al. 2024, arXiv 2406.05946) on rows that are no triplets: behind the first tokens of another row's harmful answer, which are given and not
/// learned, the defender's own answer is learned.
/// </summary>
public sealed class DeepAlignmentAlgorithm : MethodAlgorithm<DeepAlignmentOptions>
{
    /// <summary>Called with every batch of every instance in the process.</summary>
    public static Action<TokenBatch>? Everywhere { get; set; }

    public override MethodStage Stage => MethodStage.Alignment;

    public override MethodNeeds Needs => MethodNeeds.Stream("harmful");

    protected override TokenizedExample TransformTokens(TokenizedExample example, DataContext context)
    {
        if (context.Uniform($"draw {example.RowId}") >= Options.Share)
        {
            return example;
        }

        IReadOnlyList<FinetuneExample> harmful = context.Stream("harmful");
        int[] answer = context.Encode(harmful[(int)(context.Uniform($"row {example.RowId}") * harmful.Count)].Output);
        int length = 1 + (int)(context.Uniform($"length {example.RowId}") * Math.Min(Options.LongestPrefix, answer.Length));
        int prompt = example.PromptTokenCount;
        int[] ids = [.. example.InputIds[..prompt], .. answer[..length], .. example.InputIds[prompt..]];
        return example with { InputIds = ids, PromptTokenCount = prompt + length };
    }

    protected override void ComputeGradients(TrainingStep step)
    {
        Everywhere?.Invoke(step.Batch);
        step.AccumulateLoss(step.Batch);
    }
}
