using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed;

/// <summary>
/// Settings of <c>mmlu</c>, knowledge in 57 subjects by questions with four options (Hendrycks et al., 2021). Numbers of different protocols can't be compared.
/// </summary>
public sealed class MmluOptions
{
    /// <summary>
    /// Protocols, each with its own numbers; the first is the headline. <c>ll-5shot</c> (default) and <c>ll-0shot</c>: the likeliest of four letters after a plain text, as the
    /// task <c>mmlu</c> 1.0 of lm-evaluation-harness. <c>hendrycks</c>: as the original script, with fewer examples where 2,048 tokens are exceeded. <c>gen</c>: 5 examples
    /// under the model's own template, the letter read out of the answer; also for hosted models. <c>gen-ref</c>: the SafeTuneBed paper's, two tokens after a plain text.
    /// </summary>
    public IReadOnlyList<string> Presets { get; set; } = ["ll-5shot"];

    /// <summary>Subjects to ask, such as <c>anatomy</c>; empty (default) asks all.</summary>
    public IReadOnlyList<string> Subjects { get; set; } = [];

    /// <summary>Questions of each subject, the first ones in the order of the file; null (default) asks all.</summary>
    [Range(1, 100_000)]
    public int? QuestionsPerSubject { get; set; }
}
