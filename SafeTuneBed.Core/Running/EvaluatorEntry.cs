namespace SafeTuneBed.Running;

/// <summary>An entry of a grid, <c>name</c> or <c>name@promptset</c>.</summary>
internal sealed record EvaluatorEntry(string Written, string Name, string? PromptSet)
{
    /// <summary>Where a sandbox model asks when no set is named.</summary>
    public const string SandboxPromptSet = "sandbox";

    public static EvaluatorEntry Parse(string written)
    {
        int at = written.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? new(written, written, null) : new(written, written[..at], written[(at + 1)..]);
    }

    /// <summary>The prompt set for a model; null where there is none.</summary>
    public string? PromptSetFor(ModelReference model, IEvaluator evaluator) => PromptSet ?? evaluator.OwnPromptSet ?? (model.IsSandbox ? evaluator.DefaultPromptSet ?? SandboxPromptSet : null);
}
