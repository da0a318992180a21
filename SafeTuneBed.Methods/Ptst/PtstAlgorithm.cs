namespace SafeTuneBed.Methods.Ptst;

/// <summary>
/// PTST, "pure tuning, safe testing" (Lyu et al. 2024, arXiv 2402.18540): the model is fine-tuned without a safety
/// prompt and asked under one. The training is that of the method it is composed with.
/// </summary>
public sealed class PtstAlgorithm : MethodAlgorithm<PtstOptions>
{
    /// <inheritdoc/>
    public override MethodStage Stage => MethodStage.Data;

    /// <inheritdoc/>
    protected override PromptPolicy? CreatePromptPolicy(DataContext context) =>
        new() { TrainingSystem = Options.TrainingSystem, EvaluationSystem = Options.EvaluationSystem };
}
