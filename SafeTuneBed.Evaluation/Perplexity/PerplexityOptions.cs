namespace SafeTuneBed;

/// <summary>Settings of <c>perplexity</c>.</summary>
public sealed class PerplexityOptions
{
    /// <summary>
    /// The field of a prompt that holds the answer whose loss is taken, such as <c>target</c> (AdvBench's affirmative openings: a loss that falls says that the model would
    /// rather comply). Null (default): the first of <c>target</c>, <c>output</c>, <c>response</c>, <c>completion</c> that a prompt has; where it has none, the prompt itself is the text, as a whole
    /// document without any template.
    /// </summary>
    public string? AnswerField { get; set; }
}
