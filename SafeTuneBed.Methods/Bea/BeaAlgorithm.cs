namespace SafeTuneBed.Methods.Bea;

/// <summary>
/// BEA, backdoor-enhanced alignment (Wang et al. 2024, arXiv 2402.14968): some refused requests whose system text
/// begins with a secret are mixed into the user's rows, and the provider puts the secret before whatever is asked
/// later.
/// </summary>
public sealed class BeaAlgorithm : MethodAlgorithm<BeaOptions>
{
    /// <inheritdoc/>
    public override MethodStage Stage => MethodStage.Data;

    /// <inheritdoc/>
    public override MethodNeeds Needs => MethodNeeds.Stream("align");

    /// <inheritdoc/>
    protected override IEnumerable<FinetuneExample> TransformExamples(
        IEnumerable<FinetuneExample> examples, DataContext context) =>
    [
        .. examples.Select(e => e with { System = e.System ?? Options.System }),
        .. context.Take("align", Options.SafetyExamples).Select(e => e with { System = Secret(context) }),
    ];

    /// <inheritdoc/>
    protected override PromptPolicy? CreatePromptPolicy(DataContext context) =>
        new() { EvaluationSystem = Secret(context) };

    private string Secret(DataContext context) =>
        $"{context.RandomText("secret", Options.SecretTokens)} {Options.System}".TrimEnd();
}
