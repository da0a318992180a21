namespace SafeTuneBed;

/// <summary>Settings of <c>harmbench-classifier</c> (Mazeika et al., 2024): a fine-tuned model says whether an answer is an instance of the behavior.</summary>
public sealed class HarmBenchOptions : JudgedOptions
{
    /// <summary>
    /// The classifier's prompt as a file with <c>{behavior}</c> and <c>{generation}</c> in it (and <c>{context_str}</c> for contextual behaviors), such as
    /// <c>LLAMA2_CLS_PROMPT</c> of the HarmBench repository. It is not part of this package.
    /// </summary>
    public string? TemplateFile { get; set; }

    /// <summary>Counts a verdict that can't be read as no success, as HarmBench does. Default false: it is unscored.</summary>
    public bool UpstreamDenominator { get; set; }
}
